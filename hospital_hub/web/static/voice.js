// Speaking instead of typing at the kiosk: the recording goes to the hub, the words come back into the field to be
// checked. Shown only where the hospital has a server for it and the browser has a microphone. Nothing is kept.
const touch = () => document.dispatchEvent(new Event("hub:here"));
const LONGEST_MS = 60_000;
const KINDS = ["audio/webm", "audio/mp4", "audio/ogg"];

function start(box) {
  const field = document.querySelector(box.dataset.voice);
  const button = box.querySelector("button");
  const state = box.querySelector("[role=status]");
  const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
  let recorder = null;

  const say = (sentence) => { state.textContent = sentence; };
  const pressed = (on) => button.setAttribute("aria-pressed", String(on));

  async function read(parts) {
    say(box.dataset.reading);
    const body = new Blob(parts, { type: kind });
    try {
      const answer = await fetch(box.dataset.url, { method: "POST", body, headers: { "content-type": kind } });
      const told = await answer.json();
      if (!answer.ok) return say(told.detail);
      field.value = [field.value.trim(), told.text].filter(Boolean).join(" ");
      field.focus();
      say(box.dataset.check);
    } catch {
      say(document.body.dataset.lost);
    } finally {
      touch();
    }
  }

  async function listen() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const parts = [];
    recorder = new MediaRecorder(stream, { mimeType: kind });
    const alive = setInterval(touch, 5000); // who speaks does not touch
    const enough = setTimeout(() => recorder.stop(), LONGEST_MS);
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      clearInterval(alive);
      clearTimeout(enough);
      for (const track of stream.getTracks()) track.stop();
      recorder = null;
      pressed(false);
      read(parts);
    });
    recorder.start();
    pressed(true);
    say(box.dataset.listening);
  }

  button.addEventListener("click", () => {
    if (recorder) recorder.stop();
    else listen().catch(() => say(box.dataset.denied));
  });
  box.hidden = !kind;
}

if (navigator.mediaDevices && window.MediaRecorder) for (const box of document.querySelectorAll("[data-voice]")) start(box);
