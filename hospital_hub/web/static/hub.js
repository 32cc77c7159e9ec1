// What the pages need beyond htmx: looks, copying, keys, unsaved forms.
const root = document.documentElement;
const words = document.body.dataset; // sentences in the page's language

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* a framed page may have no storage */ }
}

function toast(text) {
  const box = document.createElement("div");
  box.className = "toast";
  box.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 6000);
}

/* ---- looks ---- */
function showLook() {
  for (const button of document.querySelectorAll("[data-theme-set]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === root.dataset.themeChosen));
  for (const button of document.querySelectorAll("[data-text-set]"))
    button.setAttribute("aria-pressed", String(button.dataset.textSet === root.dataset.text));
}

function setLook(button) {
  const { themeSet, themeToggle, textSet } = button.dataset;
  if (textSet) keep("hub-text", (root.dataset.text = textSet));
  const theme = themeToggle ? (root.dataset.theme === themeToggle ? "light" : themeToggle) : themeSet;
  if (theme) keep("hub-theme", (root.dataset.themeChosen = theme));
  document.dispatchEvent(new Event("hub:look"));
  showLook();
}

/* ---- copying: generated text never leaves without its label ---- */
async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.innerText;
  const label = button.dataset.copyLabel;
  try {
    await navigator.clipboard.writeText(label ? `${text}\n\n[${label}]` : text);
    toast(words.copied);
  } catch {
    toast(words.notCopied);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-set],[data-theme-toggle],[data-text-set],[data-copy],[data-print]");
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
  if (!button) return;
  if (button.dataset.copy) copy(button);
  else if ("print" in button.dataset) window.print();
  else setLook(button);
});

/* ---- keys: data-key="s" presses its button; ? lists them; they can be switched off (WCAG 2.1.4) ---- */
const keysOn = () => document.getElementById("keys-on")?.checked ?? true;
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

function showKeys(dialog) {
  const list = dialog.querySelector("dl");
  list.replaceChildren();
  for (const button of document.querySelectorAll("[data-key]")) {
    const key = document.createElement("dt");
    key.append(Object.assign(document.createElement("kbd"), { textContent: button.dataset.key }));
    const label = button.getAttribute("aria-label") ?? button.textContent;
    list.append(key, Object.assign(document.createElement("dd"), { textContent: label.trim() }));
  }
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  const dialog = document.getElementById("keys");
  const enter = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  if (!dialog || dialog.open || event.isComposing || (!enter && (event.ctrlKey || event.metaKey || event.altKey))) return;
  if (!enter && (typing(event.target) || !keysOn())) return;
  if (event.key === "?") return showKeys(dialog);
  const name = enter ? "Ctrl+Enter" : event.key;
  const button = document.querySelector(`[data-key="${CSS.escape(name)}"]:not([disabled])`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

/* ---- unsaved forms ---- */
const dirty = new Set();
const guarded = (event) => event.target.closest?.("form[data-guard]");
document.addEventListener("input", (event) => guarded(event) && dirty.add(guarded(event)));
document.addEventListener("submit", (event) => dirty.delete(guarded(event)));
window.addEventListener("beforeunload", (event) => {
  if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
});

/* ---- answers that are errors arrive in #alerts (see problems.py), an ended log-in among them ---- */
document.addEventListener("htmx:after:swap", () => {
  showLook();
  const alert = document.querySelector("#alerts > .alert:not([data-seen])");
  if (!alert) return;
  alert.dataset.seen = "";
  alert.scrollIntoView({ block: "nearest" });
});
document.addEventListener("htmx:error", (event) => {
  if (!event.target.closest?.("[data-stream]")) toast(words.lost);
});

const keysBox = document.getElementById("keys-on");
if (keysBox) {
  try { keysBox.checked = localStorage.getItem("hub-keys") !== "off"; } catch { /* on */ }
  keysBox.addEventListener("change", () => keep("hub-keys", keysBox.checked ? "on" : "off"));
}
showLook();
