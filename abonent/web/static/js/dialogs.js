// Native dialogs: opened by a button on the page, or brought by the server into the slot.

const slot = () => document.getElementById("dialog-slot");

/** Show a dialog element modally; focus goes where its markup says (autofocus). */
export function show(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("[data-select]")?.select();
}

/** The dialog on top, or null. */
export function openDialog() {
  const open = document.querySelectorAll("dialog[open]");
  return open.length ? open[open.length - 1] : null;
}

/** Where the keyboard goes on when nothing has the focus any more. */
export function restFocus() {
  const at = document.activeElement;
  // What a closed dialog held has it for a moment still.
  const lost = at === document.body || !at?.getClientRects().length;
  if (lost) document.getElementById("main")?.focus({ preventScroll: true });
}

/** Type a value into a field for the user: whoever watches the field sees it change. */
function fill(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) show(document.getElementById(opener.dataset.dialog));
  const filler = event.target.closest("[data-fill]");
  if (filler) fill(document.getElementById(filler.dataset.fill), filler.value);
  const closer = event.target.closest("[data-close]");
  const closed = closer?.closest("dialog");
  // On a page of its own the same link leads back instead.
  if (closed) { event.preventDefault(); closed.close(); }
  // A click on the backdrop has the dialog itself as target and lies outside its box.
  if (event.target.tagName === "DIALOG" && !event.target.querySelector("form")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right
      && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// Fields that belong to one choice of another field stand there with that choice alone.
function fit(form) {
  for (const part of form.querySelectorAll("[data-among]")) {
    const [name, ...values] = part.dataset.among.split(" ");
    part.hidden = !values.includes(form.elements[name]?.value);
  }
}
const fitAll = () => { document.querySelectorAll("form.act").forEach(fit); };
document.addEventListener("change", (event) => { if (event.target.form) fit(event.target.form); });
fitAll();

// A dialog that the server sent is gone for good when closed: its form must not be sent stale.
document.addEventListener("close", (event) => {
  if (event.target.parentElement === slot()) event.target.remove();
  restFocus();
}, true);

// Who asks what would come of it sees it, also where the form is longer than the window.
let asked = false;
document.addEventListener("submit", (event) => {
  asked = event.submitter?.name === "step" && event.submitter.value === "preview";
}, true);
function showOutcome() {
  const parts = [...(openDialog() ?? document).querySelectorAll("form.act .outcome, form.act .outcome-words")];
  if (asked) for (const part of parts.reverse()) part.scrollIntoView({ block: "nearest" });
  asked = false;
}

let held = null;
document.addEventListener("focusin", (event) => { held = event.target; });

document.addEventListener("htmx:after:swap", () => {
  fitAll();
  const arrived = slot()?.querySelector("dialog:not([open])");
  if (arrived) show(arrived);
  // A failure is told in place of what was wrong with the form before.
  const failed = document.querySelector("[data-failure]");
  failed?.parentElement.querySelectorAll("[data-summary]").forEach((told) => { if (!failed.contains(told)) told.remove(); });
  // A refused form comes back with a summary of what is wrong: that is read first.
  document.querySelector("[data-summary]:not([data-seen])")?.focus();
  document.querySelectorAll("[data-summary]").forEach((summary) => { summary.dataset.seen = ""; });
  showOutcome();
  // What had the focus may be gone with what was swapped.
  if (held && !held.isConnected) restFocus();
});
