// The board says when it is not live, and fetches the open case again when it changed.
const SILENCE = 25_000; // the server speaks every 10 s
const queue = document.getElementById("queue");
const warning = document.getElementById("not-live");
let silence;

function lost() { warning.hidden = false; }

function live() {
  warning.hidden = true;
  clearTimeout(silence);
  silence = setTimeout(lost, SILENCE);
  followCase();
}

function followCase() {
  const id = document.querySelector("[data-open-case]")?.dataset.openCase;
  const facts = document.getElementById("facts");
  const row = id && queue.querySelector(`[data-case="${CSS.escape(id)}"]`);
  if (row && facts && row.dataset.version !== facts.dataset.version) htmx.trigger(facts, "hub:changed");
}

const ours = (event) => event.target === queue;
document.addEventListener("htmx:sse:after:message", (event) => ours(event) && live());
document.addEventListener("htmx:sse:before:connection", (event) => ours(event) && event.detail.connection.attempt > 0 && lost());
for (const name of ["htmx:sse:error", "htmx:sse:close", "htmx:error", "htmx:response:error"])
  document.addEventListener(name, (event) => ours(event) && lost());
addEventListener("offline", lost);
silence = setTimeout(lost, SILENCE);
