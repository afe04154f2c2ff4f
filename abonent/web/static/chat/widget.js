// The chat on the provider's own site: a round button that opens our page in a frame.
// Nothing of it is named on the site's own page: a name given twice would stop the page's scripts.
(() => {
const script = document.currentScript;
const home = new URL(script.src).origin;
const russian = !document.documentElement.lang.startsWith("en");
const words = russian ? ["Написать нам", "Закрыть чат"] : ["Write to us", "Close the chat"];

const dress = (element, style) => Object.assign(element.style, style);
const button = document.createElement("button");
const frame = document.createElement("iframe");

button.type = "button";
button.textContent = "\u{1F4AC}";
dress(button, {
  position: "fixed", right: "16px", bottom: "16px", width: "56px", height: "56px", zIndex: "2147483000",
  border: "0", borderRadius: "50%", background: "#0b5cad", color: "#fff", fontSize: "24px",
  cursor: "pointer", boxShadow: "0 2px 10px rgba(0,0,0,.3)",
});
frame.title = words[0];
frame.hidden = true;
dress(frame, {
  position: "fixed", right: "16px", bottom: "84px", width: "min(380px, calc(100vw - 32px))",
  height: "min(560px, calc(100vh - 100px))", zIndex: "2147483000", border: "1px solid #c8ced6",
  borderRadius: "12px", background: "#fff", boxShadow: "0 6px 24px rgba(0,0,0,.25)",
});

function show(open) {
  if (open && !frame.src) frame.src = `${home}/my/chat?language=${russian ? "ru" : "en"}`;
  frame.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  button.setAttribute("aria-label", words[Number(open)]);
  (open ? frame : button).focus();
}

button.addEventListener("click", () => { show(frame.hidden); });
addEventListener("keydown", (event) => { if (event.key === "Escape" && !frame.hidden) show(false); });
// Escape inside the frame is told by our page, which alone hears it.
addEventListener("message", (event) => {
  if (event.origin === home && event.source === frame.contentWindow && event.data === "abonent:close") show(false);
});
button.setAttribute("aria-expanded", "false");
button.setAttribute("aria-label", words[0]);
document.body.append(button, frame);
})();
