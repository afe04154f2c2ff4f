// The search line as an ARIA combobox: the server finds, the arrows choose, Enter opens.

import { restFocus } from "./dialogs.js";

/** Tell whether a list answers what the field says now; a slow answer to less never counts. */
const answersTo = (list, input) =>
  list.querySelector("[data-asked]")?.dataset.asked === input.value.trim();

export function bindOmnibox() {
  const input = document.querySelector("#omnibox");
  const list = document.querySelector("#found");
  if (!input || !list) return;
  const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  const setOpen = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open && options().length > 0));
    if (!open) choose(null);
  };
  const choose = (option) => {
    options().forEach((other) => other.setAttribute("aria-selected", String(other === option)));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };
  const step = (by) => {
    const all = options();
    if (!all.length) return;
    setOpen(true);
    const at = all.indexOf(chosen());
    choose(all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length]);
  };
  const open = (option, aside) => {
    if (aside) window.open(option.href, "_blank", "noopener");
    else option.click();
  };

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); step(1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); step(-1); }
    else if (event.key === "Escape") {
      if (list.hidden) { input.value = ""; leave(); } else setOpen(false);
    } else if (event.key === "Enter" && !list.hidden && chosen() && answersTo(list, input)) {
      // Before the answer has come, the form asks the server itself, which opens the same.
      event.preventDefault();
      open(chosen(), event.ctrlKey || event.metaKey);
    }
  });
  // Escape leads back to where the search was begun.
  let from = null;
  const leave = () => {
    input.blur();
    if (from?.isConnected) from.focus({ preventScroll: true });
    restFocus();
  };
  input.addEventListener("focus", (event) => { from = event.relatedTarget; setOpen(true); });
  input.addEventListener("input", () => { setOpen(true); if (!answersTo(list, input)) choose(null); });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".omnibox")) setOpen(false);
  });
  input.addEventListener("blur", (event) => {
    if (event.relatedTarget && !event.relatedTarget.closest(".omnibox")) setOpen(false);
  });
  document.addEventListener("htmx:after:swap", () => {
    input.setAttribute("aria-expanded", String(!list.hidden && options().length > 0));
    // The first answer is chosen while a query stands, so that Enter opens it at once.
    if (input.value.trim() && document.activeElement === input && answersTo(list, input)) choose(options()[0] ?? null);
  });
}

/** A search field above a register: the arrows walk its rows, Enter opens the first answer. */
export function bindFinder() {
  const input = document.querySelector("[data-finder]");
  const answers = document.querySelector("#answers");
  if (!input || !answers) return;
  const links = () => [...answers.querySelectorAll("tbody th a")];
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); links()[0]?.focus(); }
    else if (event.key === "Escape" && !input.value) { input.blur(); restFocus(); }
    else if (event.key === "Enter" && input.value.trim() && answersTo(answers, input) && links().length) {
      event.preventDefault();
      links()[0].click();
    }
  });
  document.addEventListener("keydown", (event) => {
    const at = links().indexOf(document.activeElement);
    if (event.defaultPrevented || at < 0 || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    (links()[at + (event.key === "ArrowDown" ? 1 : -1)] ?? (at === 0 ? input : links()[at])).focus();
  });
}
