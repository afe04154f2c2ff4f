// The terminal and the display of a hall: digits by touch, printing, and the way back for the next one.
for (const pad of document.querySelectorAll("[data-keypad]")) {
  const field = document.getElementById(pad.dataset.keypad);
  pad.hidden = false;
  pad.addEventListener("mousedown", (event) => event.preventDefault());  // the field keeps the focus
  pad.addEventListener("click", (event) => {
    const digit = event.target.closest("[data-digit]")?.dataset.digit;
    if (!digit) return;
    if (digit === "all") field.value = "";
    else if (digit === "back") field.value = field.value.slice(0, -1);
    else if (field.value.length < field.maxLength) field.value += digit;
    wait();
  });
}

// A digit on the keyboard of the terminal chooses; what was left by somebody is gone after a while.
addEventListener("keydown", (event) => {
  wait();
  if (event.target.matches?.("input")) return;
  document.querySelector(`[data-digit-key="${event.key}"]`)?.click();
});
addEventListener("pointerdown", () => wait());

let timer = 0;
function wait() {
  clearTimeout(timer);
  const back = document.querySelector("[data-return]");
  const fresh = document.querySelector("[data-refresh]");
  if (back) timer = setTimeout(() => location.replace(back.dataset.return), 1000 * (back.dataset.returnAfter ?? 60));
  else if (fresh) timer = setTimeout(() => location.reload(), 1000 * fresh.dataset.refresh);
}
wait();

// One touch makes one ticket.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent !== undefined) event.preventDefault();
  event.target.dataset.sent = "";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

document.querySelector("[data-print-again]")?.addEventListener("click", () => print());
if (document.querySelector("[data-print-slip]")) addEventListener("load", () => print());
