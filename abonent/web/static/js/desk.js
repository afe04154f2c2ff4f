// What every page of the desk does: keys, search line, menus, messages about the connection.
import { openDialog } from "./dialogs.js";
import { bindKeys } from "./keys.js";
import { bindRegisters } from "./registers.js";
import { bindFinder, bindOmnibox } from "./omnibox.js";

const root = document.documentElement;

function followSystemTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => {
    if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
  });
}

function bindMenus() {
  const side = document.getElementById("side");
  const button = document.querySelector(".menu-button");
  const setSide = (open) => {
    side?.classList.toggle("open", open);
    button?.setAttribute("aria-expanded", String(open));
    if (open) side.querySelector("a")?.focus();
  };
  button?.addEventListener("click", () => setSide(!side.classList.contains("open")));
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (side?.classList.contains("open") && !event.target.closest("#side,.menu-button")) setSide(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (side?.classList.contains("open")) { setSide(false); button.focus(); }
    const menu = document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
}

// A lost connection or an ended session is said once, and what was typed stays where it is.
function bindConnection() {
  const banner = document.getElementById("connection");
  if (!banner) return;
  // An open dialog makes the rest of the page inert: then it is said inside.
  const place = () => (openDialog() ?? document.body).prepend(banner);
  document.addEventListener("close", place, true);
  const say = (name) => {
    banner.hidden = !name;
    if (name) place();
    for (const part of banner.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== name;
  };
  document.addEventListener("htmx:error", () => say("lost"));
  document.addEventListener("htmx:after:request", (event) => {
    const status = event.detail?.ctx?.response?.status;
    if (status === 401) say("ended");
    else if (status) say("");
  });
  // What failed before is no longer told while it is tried again.
  document.addEventListener("htmx:before:request", () => {
    document.querySelectorAll("[data-failure]").forEach((told) => told.remove());
  });
  addEventListener("online", () => say(""));
  addEventListener("offline", () => say("lost"));
}

// A line to be taken elsewhere; the older call works without TLS as well, as in an office's own network.
function bindCopying() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    button.parentElement.querySelector("input").select();
    if (document.execCommand("copy")) button.textContent = button.dataset.copied;
  });
}

// A form is sent once: the button keeps its label and says that it is busy.
function bindBusy() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent !== undefined) { event.preventDefault(); return; }
    const button = event.submitter ?? form.querySelector("[type=submit]");
    button?.setAttribute("aria-busy", "true");
    if (form.method === "post" && !form.hasAttribute("hx-post")) form.dataset.sent = "";
  });
  document.addEventListener("htmx:finally:request", () => {
    document.querySelectorAll("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
  });
  // The back button shows the page as it was kept: what was sent from it may be sent again.
  addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
    document.querySelectorAll("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
  });
}

// What was done is told once: neither F5 nor the back button may look like a second payment.
function tellOnce() {
  const told = document.querySelector("[data-once]");
  if (!told) return;
  const address = new URL(location.href);
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);
  addEventListener("pagehide", () => told.remove());
  // The keyboard goes on from what was told, unless the page has chosen its own place.
  told.tabIndex = -1;
  if (document.activeElement === document.body) told.focus({ preventScroll: true });
}

followSystemTheme();
tellOnce();
bindMenus();
bindConnection();
bindBusy();
bindCopying();
bindOmnibox();
bindFinder();
bindRegisters();
// By itself htmx begins a moment after the page counts as loaded: a key pressed in between would
// follow a link instead of opening its dialog. Beginning twice does nothing.
window.htmx?.initialize();
bindKeys();
