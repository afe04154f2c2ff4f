// The client's side of a chat: goes on where it was left, brings what is new, stops while nobody looks.
const FAST = 3000;
const SLOW = 15000;
const KEPT = "abonent-chat";
const said = document.querySelector("[data-said]");
const form = document.querySelector("[data-write]");
const box = form?.querySelector("textarea");

const store = (() => { try { return globalThis.localStorage; } catch { return null; } })();

async function goOn() {
  const kept = store?.getItem(KEPT);
  if (!kept || new URLSearchParams(location.search).has("new")) { store?.removeItem(KEPT); return; }
  const answer = await fetch(`${kept}/lines?after=0&kept`).catch(() => null);
  if (answer?.ok && answer.headers.get("X-Chat") !== "over") location.replace(kept + location.search);
  else if (answer) store.removeItem(KEPT);
}

function scroll() {
  said.lastElementChild?.scrollIntoView({ block: "nearest" });
}

async function look() {
  const answer = await fetch(`${location.pathname}/lines?after=${said.dataset.last}`).catch(() => null);
  if (!answer?.ok) return SLOW;
  if (answer.headers.get("X-Chat") !== said.dataset.state && !box?.value) {
    // Not reload(): after a refused form that would send the form again.
    location.replace(location.href);
    return SLOW;
  }
  const text = await answer.text();
  if (!text.trim()) return FAST;
  said.insertAdjacentHTML("beforeend", text);
  said.dataset.last = said.lastElementChild.dataset.id;
  scroll();
  return FAST;
}

async function watch() {
  const wait = document.visibilityState === "visible" ? await look() : FAST;
  setTimeout(watch, wait);
}

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && parent !== window) parent.postMessage("abonent:close", "*");
  if (event.code === "Enter" && !event.shiftKey && event.target === box && box.value.trim()) {
    event.preventDefault();
    form.requestSubmit();
  }
});
form?.addEventListener("submit", (event) => {
  if (form.dataset.sent !== undefined) event.preventDefault();
  form.dataset.sent = "";
});
addEventListener("pageshow", () => { if (form) delete form.dataset.sent; });

if (said) {
  store?.setItem(KEPT, location.pathname);
  scroll();
  setTimeout(watch, FAST);
} else goOn();
