// The kiosk forgets, says that it lives, keeps its look, and goes where the next question is.
//
// After a while without a touch the page asks, then it closes itself and ends the log-in. While it lives it says so,
// so that the hub can end the log-in of a browser that died. Nothing typed is ever stored here.
const root = document.documentElement;
const dialog = document.getElementById("idle"); // absent in the gallery of components
let touched = Date.now();
let beaten = Date.now();
let closing = false;

/* ---- is somebody there? ---- */
const seconds = (name) => Number(dialog.dataset[name]) * 1000;
const typed = () => [...document.querySelectorAll("textarea, .input")].some((field) => field.value !== field.defaultValue);

function touch() {
  if (!dialog?.open) touched = Date.now(); // only the dialog's own button says that somebody is there
}

function tick() {
  if (closing) return;
  const idle = Date.now() - touched;
  if (idle >= seconds("closeAfter")) return close();
  if (idle >= seconds("askAfter") && !dialog.open) dialog.showModal();
  dialog.querySelector("[data-idle-left]").textContent = Math.max(0, Math.ceil((seconds("closeAfter") - idle) / 1000));
  if (Date.now() - beaten >= seconds("beat")) beat();
}

/* ---- the end: first nothing is to be seen any more, then the hub hears of it, then the next person's page ---- */
const send = (url) => fetch(url, { method: "POST", redirect: "manual", keepalive: true });

async function close() {
  closing = true;
  const { start, leave, away } = dialog.dataset;
  const sentence = Object.assign(document.createElement("h1"), { textContent: away, hidden: true });
  document.body.replaceChildren(sentence);
  for (;;) {
    try {
      await send(leave);
      break;
    } catch { // no connection: the browser's own error page would stay for ever
      sentence.hidden = false;
      await new Promise((again) => setTimeout(again, 3000));
    }
  }
  location.replace(start);
}

async function beat() {
  beaten = Date.now();
  try {
    const answer = await send(dialog.dataset.alive);
    // A log-in that ended behind the page's back: what is typed and not sent yet goes on under a new one.
    if (answer.type !== "opaqueredirect") return;
    if (document.getElementById("complaint") && typed()) await fetch("/kiosk");
    else location.replace("/kiosk");
  } catch { /* the connection is away; the next beat tries again */ }
}

/* ---- the look: changed where it stands, so that nothing typed is lost ---- */
document.addEventListener("hub:look", () => {
  const theme = root.dataset.themeChosen === "contrast" ? "contrast" : "plain";
  document.cookie = `hub_kiosk_look=${root.dataset.text}-${theme}; path=/kiosk; samesite=lax`;
});

/* ---- forms: the look's are done above, and no other one is sent twice by an anxious finger ---- */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-look]") || form.dataset.sent) event.preventDefault();
  else if (form.method === "post") form.dataset.sent = "";
});

/* ---- the next question is there ---- */
document.addEventListener("htmx:after:swap", () => {
  const next = document.querySelector("[data-go]");
  if (next) location.replace(next.href);
});

/* ---- numbers by finger ---- */
for (const pad of document.querySelectorAll("[data-pad]")) {
  const field = document.querySelector(pad.dataset.pad);
  pad.hidden = false;
  pad.addEventListener("click", (event) => {
    const digit = event.target.closest("[data-digit]")?.dataset.digit;
    if (digit === undefined) return;
    field.value = digit ? (field.value + digit).slice(0, field.maxLength) : field.value.slice(0, -1);
  });
}

if (dialog) {
  const kinds = ["pointerdown", "keydown", "input", "scroll"];
  for (const kind of kinds) addEventListener(kind, touch, { passive: true, capture: true });
  dialog.addEventListener("close", touch);
  document.addEventListener("hub:here", touch);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.body.replaceChildren(); // a page out of the browser's memory: the hub says whether it may be seen
    location.reload();
  });
  beat();
  setInterval(tick, 500);
}
