// The chat on the provider's own site: a round button that opens our page in a frame.
// Nothing of it is named on the site's own page: a name given twice would stop the page's scripts.
(() => {
const script = document.currentScript;
const home = new URL(script.src).origin;
const sites = /* sites */ [];
// A site that the operator did not name gets no button: its visitors would see the browser's refusal.
const named = location.origin === home || sites.some((site) => {
  const [scheme, host] = site.split("://");
  const [mine, here] = location.origin.split("://");
  const same = mine === scheme || (scheme === "http" && mine === "https");
  return same && (host.startsWith("*.") ? here.endsWith(host.slice(1)) : here === host);
});
if (!named) {
  console.warn(`The chat is not shown: name this site in ABONENT_CHAT_SITES: ${location.origin}`);
  return;
}
const russian = !document.documentElement.lang.startsWith("en");
const words = russian ? ["Написать нам", "Закрыть чат"] : ["Write to us", "Close the chat"];

const dress = (element, style) => Object.assign(element.style, style);
const button = document.createElement("button");
const frame = document.createElement("iframe");

button.type = "button";
const svg = "http://www.w3.org/2000/svg";
const icon = document.createElementNS(svg, "svg");
const path = document.createElementNS(svg, "path");
path.setAttribute("d", "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-6l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z");
path.setAttribute("fill", "currentColor");
icon.setAttribute("viewBox", "0 0 24 24");
dress(icon, { width: "28px", height: "28px", display: "block", margin: "auto" });
icon.append(path);
button.append(icon);
dress(button, {
  position: "fixed", right: "16px", bottom: "16px", width: "56px", height: "56px", zIndex: "2147483000",
  border: "0", borderRadius: "50%", background: "#0b5cad", color: "#fff",
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
