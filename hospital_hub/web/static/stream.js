// A model's answer as it arrives: macro stream_box(url), carried by htmx's hx-sse.
//
// The server sends `stage` (a short label), `token` (plain text), then `done` (a fragment of our own template) or
// `error` (a sentence). What a model wrote is added as a text node and can never become markup; only `done` is
// parsed, and there the template has escaped it. Unnamed messages, which htmx would parse, are dropped.
// `id:` on every event lets a lost connection go on where it stopped; a stream without ids begins again. htmx counts
// only failed attempts, so a stream that is always cut would begin for ever: after four without progress it ends here.
const MOST_RECONNECTIONS = 4;
const reconnections = new WeakMap();
const part = (box, name) => box.querySelector(`[data-stream-${name}]`);

function finish(box, connection) {
  box.setAttribute("aria-busy", "false");
  part(box, "stage")?.replaceChildren();
  if (!connection) return;
  connection.config.reconnect = false;
  connection.reader?.cancel();
}

function fail(box, sentence) {
  const place = part(box, "error");
  finish(box);
  place.querySelector("p").textContent = sentence;
  place.hidden = false;
}

const onEvent = {
  stage: (box, data) => part(box, "stage").replaceChildren(data),
  token: (box, data) => part(box, "text").append(data),
  gap: (box, data) => { part(box, "text").replaceChildren(); part(box, "stage").replaceChildren(data); },
  error: (box, data, connection) => { fail(box, data); finish(box, connection); },
};

document.addEventListener("htmx:sse:before:message", (event) => {
  const box = event.target;
  const { message, connection } = event.detail;
  if (!box.matches("[data-stream]")) return;
  if (message.event === "done") {
    finish(box, connection);
    message.event = ""; // htmx swaps what has no name
    return;
  }
  event.preventDefault();
  if (message.id) reconnections.delete(box);
  onEvent[message.event]?.(box, message.data, connection);
});
document.addEventListener("htmx:sse:before:connection", (event) => {
  const box = event.target;
  const { attempt, lastEventId } = event.detail.connection;
  if (attempt === 0 || !box.matches("[data-stream]")) return;
  const before = reconnections.get(box) ?? 0;
  reconnections.set(box, before + 1);
  if (before >= MOST_RECONNECTIONS) event.preventDefault();
  else if (!lastEventId) part(box, "text").replaceChildren();
});
document.addEventListener("htmx:sse:close", (event) => {
  const box = event.target;
  if (box.matches?.("[data-stream][aria-busy=true]") && event.detail.reason === "ended") fail(box, document.body.dataset.lost);
});
document.addEventListener("htmx:response:error", (event) => {
  const box = event.target.closest("[data-stream]");
  if (box) finish(box); // the sentence is in #alerts
});
document.addEventListener("htmx:error", (event) => {
  const box = event.target.closest?.("[data-stream]");
  if (box) fail(box, document.body.dataset.lost);
});
