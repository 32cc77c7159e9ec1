// A draft in the EMR's side panel: work by sentence, sources, undo, comparison, and the label that goes with every copy.
//
// The text field holds the truth. What is done to a sentence changes the text there and saves it as typing does; the
// server checks the text and sends the list of sentences again.
const PAUSE = 1000; // ms without typing, after which undo has a step of its own
const MOST_STEPS = 200;
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const field = () => document.getElementById("text");
const lines = () => all("[data-line]");
const histories = new WeakMap(); // text field to its earlier texts
let current = -1; // which line is worked on
let typedAt = 0;

/* ---- the text ---- */
function remember() {
  const steps = histories.get(field()) ?? [];
  if (steps.at(-1) !== field().value) steps.push(field().value);
  histories.set(field(), steps.slice(-MOST_STEPS));
}

function save(text) {
  field().value = text;
  field().form.requestSubmit();
}

function change(text) {
  remember();
  save(text);
}

function undo() {
  const steps = histories.get(field()) ?? [];
  while (steps.at(-1) === field().value) steps.pop();
  if (steps.length) save(steps.pop());
}

// Where the sentence of a line stands: the same words may stand in the text more than once.
function placeOf(line) {
  const same = lines().filter((other) => other.dataset.text === line.dataset.text);
  let place = -1;
  for (let seen = 0; seen <= same.indexOf(line); seen += 1) place = field().value.indexOf(line.dataset.text, place + 1);
  return place;
}

function replace(line, words) {
  const place = placeOf(line);
  if (place < 0) return;
  const text = field().value;
  const before = text.slice(0, place);
  const after = text.slice(place + line.dataset.text.length);
  const joined = words ? before + words + after : before.replace(/ $/, "") + (/\n$|^$/.test(before) ? after.replace(/^ *\n?/, "") : after);
  change(joined);
}

function putBack({ putBack: words, after }) {
  const text = field().value;
  const place = after ? text.indexOf(after) : -1;
  if (place < 0) return change(after ? `${text}\n${words}` : `${words}\n${text}`);
  const end = place + after.length;
  change(`${text.slice(0, end)}${/[:：]$/.test(after) ? "\n" : after.match(/[。！？]$/) ? "" : " "}${words}${text.slice(end)}`);
}

/* ---- the line that is worked on ---- */
const KEYS = { settle: "a", edit: "e", drop: "x" };

function choose(line, { focus = false } = {}) {
  for (const other of lines()) {
    delete other.dataset.current;
    for (const button of other.querySelectorAll("[data-act]")) delete button.dataset.key;
  }
  if (!line) return;
  current = lines().indexOf(line);
  line.dataset.current = "";
  for (const button of line.querySelectorAll("[data-act]")) button.dataset.key = KEYS[button.dataset.act];
  if (focus) line.focus();
}

function step(by) {
  const found = lines();
  if (!found.length) return;
  const next = Math.min(Math.max(current + by, 0), found.length - 1);
  choose(found[next], { focus: true });
  found[next].scrollIntoView({ block: "center" });
}

function edit(line) {
  const editor = document.getElementById("line-editor").content.cloneNode(true);
  const words = one("textarea", editor);
  words.value = line.dataset.text;
  words.lang = field().lang;
  one(".line-editor", line)?.remove();
  line.append(editor);
  hideSource();
  words.focus();
}

const onAct = {
  edit,
  drop: (line) => replace(line, ""),
};

/* ---- its source ---- */
function showSource(line) {
  const dock = document.getElementById("source-dock");
  const found = [...line.querySelectorAll(".source > p")].map((part) => part.cloneNode(true));
  if (!dock || !found.length) return hideSource();
  dock.replaceChildren(...found);
  dock.classList.toggle("above", line.getBoundingClientRect().bottom > innerHeight * 0.6);
  dock.hidden = false;
}

function hideSource() {
  const dock = document.getElementById("source-dock");
  if (dock) dock.hidden = true;
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const line = event.target.closest("[data-line]");
  if (line) showSource(line);
  else if (!event.target.closest("#source-dock") && !document.activeElement.closest("[data-line]")) hideSource();
});
document.addEventListener("focusin", (event) => {
  const line = event.target.closest("[data-line]");
  if (!line) return hideSource();
  choose(line);
  if (!event.target.closest(".line-editor")) showSource(line);
});

/* ---- what was changed, word by word, also in Chinese ---- */
function compare(box) {
  const intlSegmenter = new Intl.Segmenter(field().lang || "zh", { granularity: "word" });
  const parts = window.Diff.diffWords(one("[data-diff-before]", box).textContent, field().value, { intlSegmenter });
  one("[data-diff-shown]", box).replaceChildren(...parts.map(({ added, removed, value }) => {
    if (!added && !removed) return value;
    return Object.assign(document.createElement(added ? "ins" : "del"), { textContent: value });
  }));
}
document.addEventListener("toggle", (event) => event.target.open && event.target.matches("[data-diff]") && compare(event.target), true);

/* ---- unsigned text never leaves without saying so ---- */
const label = () => `[${one("[data-draft]").dataset.unsignedLabel}]`;

function copied(event) {
  if (!event.target.closest?.("[data-unsigned]")) return "";
  const { selectionStart, selectionEnd } = event.target;
  return event.target === field() ? field().value.slice(selectionStart, selectionEnd) : getSelection().toString();
}

for (const kind of ["copy", "cut"])
  document.addEventListener(kind, (event) => {
    const text = copied(event);
    if (!text) return;
    event.clipboardData.setData("text/plain", `${text}\n\n${label()}`);
    event.preventDefault();
    if (kind === "cut") document.execCommand("delete");
  });
document.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain");
  if (event.target !== field() || !text.trimEnd().endsWith(label())) return;
  event.preventDefault();
  document.execCommand("insertText", false, text.trimEnd().slice(0, -label().length).trimEnd());
});

// The clipboard's own interface is closed to a frame of another origin; this way is not.
function copyDraft(button) {
  field().select();
  document.execCommand("copy");
  button.focus();
  one("#note-saved").textContent = document.body.dataset.copied;
}

window.addEventListener("beforeprint", () => {
  if (field()) one("[data-printed]").textContent = `${label()}\n\n${field().value}`;
});

/* ---- what is pressed ---- */
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const line = button.closest("[data-line]");
  const { act, step: by, go, putBack: words, focus } = button.dataset;
  if (act && onAct[act]) onAct[act](line);
  else if (by) step(Number(by));
  else if (go) choose(lines().find((other) => other.dataset.text === go), { focus: true });
  else if (words) putBack(button.dataset);
  else if (focus) one(focus).focus();
  else if ("undo" in button.dataset) undo();
  else if ("copyDraft" in button.dataset) copyDraft(button);
  else if ("lineSave" in button.dataset) replace(line, one("textarea", line).value.trim());
  else if ("lineCancel" in button.dataset) leave(line);
});

function leave(line) {
  one(".line-editor", line).remove();
  line.focus();
}

document.addEventListener("keydown", (event) => {
  const line = event.target.closest?.("[data-line]");
  if (event.key === "Escape") hideSource();
  if (event.isComposing) return;
  if (line && event.target.id === "line-text") {
    if (event.key === "Escape") leave(line);
    else if (event.key === "Enter" && !event.shiftKey) replace(line, event.target.value.trim());
    else return;
    event.preventDefault();
    event.stopPropagation();
  } else if (line === event.target && line && event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    one("[data-act=settle]", line).click();
  } else if (event.key === "z" && (event.ctrlKey || event.metaKey) && field() && !event.target.closest("textarea, input")) {
    event.preventDefault();
    undo();
  }
}, true);

document.addEventListener("beforeinput", (event) => {
  if (event.target !== field()) return;
  if (event.timeStamp - typedAt > PAUSE) remember();
  typedAt = event.timeStamp;
});

/* ---- the list came anew: the same line goes on ---- */
document.addEventListener("htmx:before:swap", () => {
  if (document.activeElement.closest?.("[data-line]")) refocus = true;
});
let refocus = false;
document.addEventListener("htmx:after:swap", () => {
  const box = one("[data-diff][open]");
  if (box) compare(box);
  const found = lines();
  if (!refocus || !found.length) return;
  refocus = false;
  choose(found[Math.min(current, found.length - 1)], { focus: true });
});
