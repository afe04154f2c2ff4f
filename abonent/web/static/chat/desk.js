// The clerk's side of chats: drafts outlive every reload, the title tells how many wait.
const box = document.querySelector("[data-draft]");
const key = box && `chat-${box.dataset.draft}`;
const title = document.title;

if (box) {
  if (!box.value) box.value = sessionStorage.getItem(key) ?? "";
  box.addEventListener("input", () => { sessionStorage.setItem(key, box.value); });
  box.form.addEventListener("submit", () => { sessionStorage.removeItem(key); });
  for (const one of document.querySelectorAll("[data-phrase]")) {
    one.addEventListener("click", () => {
      box.value = one.dataset.phrase;
      sessionStorage.setItem(key, box.value);
      box.focus();
    });
  }
}

const toEnd = () => { document.querySelector("#said > :last-child")?.scrollIntoView({ block: "nearest" }); };
function tell() {
  const waiting = document.querySelector("[data-waiting]")?.dataset.waiting ?? "0";
  document.title = waiting === "0" ? title : `(${waiting}) ${title}`;
}

let known = document.querySelectorAll("#said > li").length;
document.addEventListener("htmx:after:swap", () => {
  tell();
  const now = document.querySelectorAll("#said > li").length;
  if (now > known) toEnd();
  known = now;
});
tell();
toEnd();
