// A page made for paper: the button prints it.
document.querySelector("[data-print]")?.addEventListener("click", () => print());
// F9 prints, as on the desk; a receipt asked for by that key prints itself.
addEventListener("keydown", (event) => {
  if (event.code !== "F9") return;
  event.preventDefault();
  print();
});
if (document.querySelector("[data-print-now]")) addEventListener("load", () => print());
