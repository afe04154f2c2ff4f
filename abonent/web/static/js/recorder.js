// Records a conversation and sends it piece by piece, so that a crash loses a few seconds at most.
const PIECE = 4000;
const PAUSES = [500, 1000, 2000, 4000, 8000];

const form = document.getElementById("recorder");
const part = (name) => form.querySelector(`[data-${name}]`);
const waiting = [];
let addresses = null;
let recorder = null;
let over = false;
let next = 0;

function show(state) {
  form.dataset.state = state;
  for (const section of form.querySelectorAll("[data-when]")) {
    section.hidden = section.dataset.when !== state;
  }
  form.querySelector("section:not([hidden]) :is(button, a)")?.focus();
}

const post = (address, body) => fetch(address, { method: "POST", body, credentials: "same-origin" });
const pause = (length) => new Promise((done) => { setTimeout(done, length); });

// Sent until it arrives: a lost connection is told, a refusal ends the recording.
async function send(address, body) {
  for (let tried = 0; ; tried += 1) {
    try {
      const answer = await post(address, body);
      if (answer.ok) { part("late").hidden = true; return true; }
      if (answer.status < 500 && answer.status !== 429) return false;
    } catch { /* no connection: tried again below */ }
    part("late").hidden = false;
    await pause(PAUSES[Math.min(tried, PAUSES.length - 1)]);
  }
}

async function sendAll() {
  while (waiting.length || !over) {
    if (!waiting.length) { await pause(100); continue; }
    if (!await send(`${addresses.parts}/${next}`, waiting[0])) return false;
    waiting.shift();
    next += 1;
  }
  return send(addresses.end, null);
}

function meter(stream) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  const began = Date.now();
  const timer = setInterval(() => {
    analyser.getByteTimeDomainData(samples);
    part("loudness").value = Math.max(...samples.map((one) => Math.abs(one - 128))) * 100 / 128;
    const seconds = Math.floor((Date.now() - began) / 1000);
    part("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }, 200);
  return () => { clearInterval(timer); context.close(); };
}

async function microphone() {
  if (!navigator.mediaDevices || !window.MediaRecorder) { show("insecure"); return null; }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
    });
  } catch (error) {
    show(error.name === "NotFoundError" ? "missing" : "denied");
    return null;
  }
}

// Plays the installation's notice to its end; answers what to go on with, null where nothing is recorded.
function tell(asked) {
  const notice = part("notice");
  if (!notice) return Promise.resolve(asked);
  return new Promise((done) => {
    const unheard = () => { show("silent"); done(null); };
    part("object").onclick = () => { notice.pause(); show("objected"); done(null); };
    notice.onended = () => { asked.set("notice", notice.dataset.notice); done(asked); };
    notice.onerror = unheard;
    if (notice.error) { unheard(); return; }
    show("telling");
    notice.currentTime = 0;
    notice.play().catch(unheard);
  });
}

async function begin(asked) {
  const answer = await post(form.action, asked).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

async function record(asked, told) {
  show("asking");
  const stream = await microphone();
  if (!stream) return;
  const heard = told ? asked : await tell(asked);
  addresses = heard && await begin(heard);
  if (!addresses) {
    stream.getTracks().forEach((track) => track.stop());
    if (heard) show("failed");
    return;
  }
  const types = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
  const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type));
  recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 24000 });
  recorder.ondataavailable = (event) => { if (event.data.size) waiting.push(event.data); };
  const rest = meter(stream);
  recorder.onstop = () => {
    over = true;
    rest();
    stream.getTracks().forEach((track) => track.stop());
  };
  recorder.start(PIECE);
  show("recording");
  const kept = await sendAll();
  if (recorder.state !== "inactive") recorder.stop();
  if (kept) part("listen").href = addresses.listen;
  show(kept ? "kept" : "lost");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { state } = form.dataset;
  if (["ready", "silent"].includes(state)) record(new FormData(form, event.submitter), state === "silent");
});
part("stop").addEventListener("click", () => {
  show("keeping");
  recorder.stop();
});
addEventListener("beforeunload", (event) => {
  if (["recording", "keeping"].includes(form.dataset.state)) event.preventDefault();
});
// Pressed before this, the button would send the form as a page of its own.
form.inert = false;
show("ready");
