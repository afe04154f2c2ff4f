// The keyboard map. Physical keys (event.code) decide, so that it works on a Russian layout.
import { tinykeys } from "./tinykeys.js";
import { firstChange, pickRow } from "./registers.js";
import { openDialog, show } from "./dialogs.js";

const TYPING = "input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea,select,[contenteditable]";

const typing = (event) => event.target instanceof Element && event.target.closest(TYPING) !== null;
const singleKeysOff = () => document.documentElement.dataset.keys === "off";
const visible = (element) => element.getClientRects().length > 0;

function focusOmnibox(event) {
  const input = document.querySelector("#omnibox");
  if (!input || openDialog()) return;
  event.preventDefault();
  input.focus();
  input.select();
}

function press(pressed) {
  // The digits of the number pad are the same keys.
  const code = pressed.replace(/^Numpad(?=\d$)/, "Digit");
  const scope = openDialog() ?? document;
  const button = [...scope.querySelectorAll(`[data-key="${code}"]`)].find(visible);
  if (!button || button.disabled) return false;
  button.focus({ preventScroll: true });
  button.click();
  return true;
}

function moveRow(step) {
  const rows = [...document.querySelectorAll("[data-rows] tbody tr")].filter(visible);
  const targets = rows.map((row) => row.querySelector("a,button,summary")).filter(Boolean);
  if (!targets.length) return false;
  const at = targets.findIndex((target) => target.closest("tr").contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : targets.length - 1) : at + step;
  targets[Math.max(0, Math.min(targets.length - 1, next))].focus();
  return true;
}

function moveTab(step) {
  const tabs = [...document.querySelectorAll(".tabs .tab")];
  const at = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  const next = tabs[at + step];
  if (at < 0 || !next) return false;
  next.click();
  return true;
}

function onSingleKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey && event.code === "Enter" || event.metaKey && event.code === "Enter") {
    const form = document.activeElement?.closest("form")
      ?? (openDialog() ?? document).querySelector("[data-commit]")?.form;
    if (form) { event.preventDefault(); form.requestSubmit(form.querySelector("[data-commit]")); }
    return;
  }
  if (event.ctrlKey || event.metaKey) {
    if (event.code === "KeyE" && press("Ctrl+KeyE")) event.preventDefault();
    return;
  }
  if (event.altKey) {
    if (/^Digit\d$/.test(event.code) && (press(`Alt+${event.code}`) || press(event.code))) event.preventDefault();
    return;
  }
  if (typing(event) || singleKeysOff() || afterG) return;
  const done = !openDialog() && !event.shiftKey && (
    event.code === "KeyJ" && moveRow(1)
    || event.code === "KeyK" && moveRow(-1)
    || event.code === "KeyX" && pickRow()
    || event.code === "KeyB" && firstChange()
    || event.code === "BracketRight" && moveTab(1)
    || event.code === "BracketLeft" && moveTab(-1));
  if (done || press(event.shiftKey ? `Shift+${event.code}` : event.code)) event.preventDefault();
}

// After G the next letter names a section and must not press a button of the page as well.
let afterG = false;
let forget = 0;
function noteG(event) {
  if (typing(event) || singleKeysOff() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.code === "KeyG" && !afterG) {
    afterG = true;
    forget = setTimeout(() => { afterG = false; }, 1000);
  } else if (afterG) {
    clearTimeout(forget);
    queueMicrotask(() => { afterG = false; });
  }
}

function sheet(event) {
  if (typing(event) || openDialog()) return;
  event.preventDefault();
  show(document.getElementById("keys-sheet"));
}

const whenSingle = (action) => (event) => { if (!typing(event) && !singleKeysOff()) action(event); };

export function bindKeys() {
  addEventListener("keydown", noteG, true);
  const bindings = {
    "$mod+KeyK": focusOmnibox,
    "F2": focusOmnibox,
    "Slash": whenSingle(focusOmnibox),
    "NumpadDivide": whenSingle(focusOmnibox),
    "Shift+Slash": whenSingle(sheet),
    "Shift+?": whenSingle(sheet),
  };
  for (const link of document.querySelectorAll("[data-go]")) {
    bindings[`KeyG ${link.dataset.go}`] = whenSingle((event) => {
      if (openDialog()) return;
      event.preventDefault();
      link.click();
    });
  }
  tinykeys(window, bindings);
  addEventListener("keydown", onSingleKey);
  if (!singleKeysOff()) document.documentElement.dataset.keys = "bound";
}
