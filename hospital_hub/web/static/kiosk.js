// The kiosk forgets: after a while without a touch it asks, then it closes the page and ends the log-in.
const dialog = document.getElementById("idle");
const askAfter = Number(dialog.dataset.askAfter) * 1000;
const closeAfter = Number(dialog.dataset.closeAfter) * 1000;
const left = dialog.querySelector("[data-idle-left]");
let touched = Date.now();

function touch() {
  if (dialog.open) return; // only its own button says that somebody is there
  touched = Date.now();
}

function tick() {
  const idle = Date.now() - touched;
  if (idle >= closeAfter) location.replace(dialog.dataset.start); // begins another log-in and ends this one
  else if (idle >= askAfter && !dialog.open) dialog.showModal();
  left.textContent = Math.max(0, Math.ceil((closeAfter - idle) / 1000));
}

for (const kind of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(kind, touch, { passive: true, capture: true });
dialog.addEventListener("close", touch);
addEventListener("pageshow", (event) => event.persisted && location.replace(dialog.dataset.start));
setInterval(tick, 500);
