// Registers: rows ticked for a change of many, periods that fill two fields.

const picks = () => [...document.querySelectorAll("[data-pick]")];
const chosen = () => picks().filter((pick) => pick.checked);
const bar = () => document.querySelector("[data-bulk]");

function showChosen() {
  const line = bar();
  if (!line) return;
  const count = chosen().length;
  const all = line.querySelector("[data-all]");
  line.hidden = count === 0;
  line.querySelector("[data-chosen]").textContent = all.checked ? "" : String(count);
  const rows = all.checked ? `all=1&${all.dataset.all}` : chosen().map((pick) => `key=${pick.value}`).join("&");
  for (const link of line.querySelectorAll("[data-action]")) link.href = `${link.dataset.action}?${rows}`;
  const every = document.querySelector("[data-pick-all]");
  every.checked = count > 0 && count === picks().length;
  every.indeterminate = count > 0 && count < picks().length;
}

let last = null;
function pick(box, shift) {
  const all = picks();
  if (shift && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    all.slice(from, to + 1).forEach((other) => { other.checked = box.checked; });
  }
  last = box;
  showChosen();
}

/** Tick the row that has the focus: X. */
export function pickRow() {
  const box = document.activeElement?.closest("tr")?.querySelector("[data-pick]");
  if (!box) return false;
  box.checked = !box.checked;
  pick(box, false);
  return true;
}

/** Open the first change of many: B. */
export function firstChange() {
  const line = bar();
  if (!line || line.hidden) return false;
  line.querySelector("[data-action]")?.click();
  return true;
}

export function bindRegisters() {
  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-pick]");
    if (box) pick(box, event.shiftKey);
    const button = event.target.closest("[data-period]");
    if (!button) return;
    const [first, final] = button.closest("fieldset").querySelectorAll("input[type=date]");
    [first.value, final.value] = button.dataset.period.split(" ");
    final.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      picks().forEach((box) => { box.checked = event.target.checked; });
      showChosen();
    } else if (event.target.matches("[data-all]")) showChosen();
  });
  document.addEventListener("htmx:after:swap", showChosen);
}
