// The board says when it is not live, sounds until a nurse has acknowledged, and fetches the open case when it changed.
const SILENCE = 25_000; // the server speaks every 10 s
const REPEAT = 15_000;
// Each note is pitch in Hz, start and length in seconds; later patterns are louder, longer and harsher.
const PATTERNS = {
  lost: { wave: "sine", gain: 0.3, times: 1, every: 1, notes: [[440, 0, 0.3], [330, 0.35, 0.5]] },
  calling: { wave: "sine", gain: 0.35, times: 2, every: 0.7, notes: [[880, 0, 0.22], [1175, 0.26, 0.3]] },
  louder: { wave: "triangle", gain: 0.65, times: 4, every: 0.6, notes: [[988, 0, 0.22], [1319, 0.26, 0.28]] },
  nobody: { wave: "square", gain: 0.9, times: 8, every: 0.5, notes: [[1047, 0, 0.22], [784, 0.24, 0.22]] },
};
const STAGES = ["calling", "louder", "nobody"];
const queue = document.getElementById("queue");
const warning = document.getElementById("not-live");
const alarms = document.getElementById("alarm");
const button = document.getElementById("sound");
const known = new Map(); // case to its stage, as it last sounded
let silence;
let repeat;
let audio;

/* ---- sound: a browser allows it once somebody has pressed something here ---- */
const remembered = () => { try { return localStorage.getItem("hub-sound") === "on"; } catch { return false; } };
const audible = () => audio?.state === "running";

function showSound() {
  const on = audible();
  button.setAttribute("aria-pressed", String(on));
  button.querySelector("span").textContent = on ? button.dataset.on : button.dataset.off;
}

function openSound() {
  audio ??= new AudioContext();
  audio.onstatechange = showSound;
  return audio.resume().then(showSound);
}

async function toggleSound() {
  const off = audible();
  try { localStorage.setItem("hub-sound", off ? "off" : "on"); } catch { /* it is asked again on the next page */ }
  if (off) await audio.suspend();
  else await openSound();
  showSound();
  if (!off) ring(true);
}

function play({ wave, gain, times, every, notes }, from) {
  for (let time = 0; time < times; time += 1)
    for (const [pitch, start, length] of notes) {
      const begin = from + time * every + start;
      const volume = new GainNode(audio, { gain: 0 });
      volume.gain.setValueAtTime(0, begin);
      volume.gain.linearRampToValueAtTime(gain, begin + 0.02);
      volume.gain.setValueAtTime(gain, begin + length - 0.04);
      volume.gain.linearRampToValueAtTime(0, begin + length);
      const tone = new OscillatorNode(audio, { type: wave, frequency: pitch });
      tone.connect(volume).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + length);
    }
  return times * every;
}

/* ---- what calls: red flags that nobody has acknowledged, and a lost connection ---- */
function calling() {
  const stages = [...alarms.querySelectorAll("[data-alarm]")].map((one) => one.dataset.alarm);
  const worst = STAGES.filter((stage) => stages.includes(stage)).at(-1);
  return [...(worst ? [worst] : []), ...(warning.hidden ? [] : ["lost"])];
}

function ring(test = false) {
  clearInterval(repeat);
  const patterns = calling();
  button.dataset.calls = patterns.join(" ");
  if (patterns.length) repeat = setInterval(ring, REPEAT);
  if (!audible()) return;
  let from = audio.currentTime + 0.02;
  for (const pattern of patterns.length || test !== true ? patterns : ["calling"]) {
    from += play(PATTERNS[pattern], from) + 0.2;
    button.dataset.sounded = `${button.dataset.sounded ?? ""} ${pattern}`.trim().split(" ").slice(-20).join(" ");
  }
}

function hear() {
  const now = new Map([...alarms.querySelectorAll("[data-alarm]")].map((one) => [one.dataset.alarmCase, one.dataset.alarm]));
  const worse = [...now].some(([id, stage]) => known.get(id) !== stage);
  known.clear();
  for (const [id, stage] of now) known.set(id, stage);
  if (worse) ring();
  else if (!calling().length) { clearInterval(repeat); button.dataset.calls = ""; }
}

/* ---- live or not ---- */
function lost() {
  if (!warning.hidden) return;
  warning.hidden = false;
  ring();
}

function live() {
  warning.hidden = true;
  clearTimeout(silence);
  silence = setTimeout(lost, SILENCE);
  hear();
  followCase();
}

/* ---- the open case: its facts are fetched again; what is being typed stays, with a word that the case changed ---- */
const page = document.querySelector("[data-open-case]");
const written = new Set();

function busy(box) {
  return [...written].some((field) => box.contains(field)) || box.querySelector("details[open]") !== null;
}

function followCase() {
  const facts = document.getElementById("facts");
  const row = page && queue.querySelector(`[data-case="${CSS.escape(page.dataset.openCase)}"]`);
  if (!row || !facts || row.dataset.version === facts.dataset.version) return;
  const parts = ["decide", "binding"].map((id) => document.getElementById(id)).filter((box) => box && !busy(box));
  facts.setAttribute("hx-select-oob", parts.map((box) => `#${box.id}`).join(","));
  htmx.trigger(facts, "hub:changed");
}

function keepUp() {
  const seen = document.getElementById("facts")?.dataset.seen;
  const decide = document.getElementById("decide");
  for (const field of decide?.querySelectorAll("input[name=seen]") ?? []) {
    if (field.value === seen) continue;
    field.value = seen; // the facts beside it have just been shown anew
    decide.querySelector("[data-changed]").hidden = false;
  }
}

/* ---- keys: j and k walk through the cases, a acknowledges the one that has the focus ---- */
function move(step) {
  const links = [...queue.querySelectorAll("[data-open]")].filter((link) => link.checkVisibility());
  const at = links.findIndex((link) => link.closest("[data-case]").contains(document.activeElement));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)];
  next?.focus();
  next?.closest("[data-case]").scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const off = document.getElementById("keys-on")?.checked === false;
  if (event.key !== "a" || page || off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  document.activeElement?.closest?.("[data-case]")?.querySelector("[data-acknowledge]")?.click();
});
document.addEventListener("click", (event) => {
  const mover = event.target.closest("[data-move]");
  if (mover) move(Number(mover.dataset.move));
  else if (event.target.closest("#sound")) toggleSound();
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches("#decide details[open]")) event.target.querySelector("input[type=radio]")?.focus();
}, true);
document.addEventListener("input", (event) => written.add(event.target));

const ours = (event) => event.target === queue;
document.addEventListener("htmx:sse:after:message", (event) => ours(event) && live());
document.addEventListener("htmx:sse:before:connection", (event) => ours(event) && event.detail.connection.attempt > 0 && lost());
for (const name of ["htmx:sse:error", "htmx:sse:close", "htmx:error", "htmx:response:error"])
  document.addEventListener(name, (event) => ours(event) && lost());
document.addEventListener("htmx:after:swap", keepUp);
addEventListener("offline", lost);
silence = setTimeout(lost, SILENCE);
if (remembered()) {
  openSound();
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => audible() || !remembered() || openSound(), { capture: true });
}
showSound();
hear();
