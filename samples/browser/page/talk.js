// Talks with the assistant over WebRTC, and shows what both say. Knows no API key: the server's /secret gives a
// client secret, which opens one kind of call for a minute.

const page = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((element) => [element.id, element]),
);

const STATES = {
  ready: "Ready",
  microphone: "Waiting for the microphone",
  connecting: "Connecting",
  listening: "Listening",
  hearing: "You are speaking",
  thinking: "Thinking",
  speaking: "Assistant is speaking",
  weak: "Connection interrupted",
  ended: "Call ended",
  failed: "Call failed",
};

const MICROPHONE = {
  NotAllowedError: "The microphone is not allowed. Allow it for this page in the browser, then press Talk again.",
  NotFoundError: "There is no microphone. Connect one, then press Talk again.",
  NotReadableError: "The microphone cannot be opened. Close what else uses it, then press Talk again.",
};

const REFUSED = {
  401: "the secret is not good, or no longer: press Talk again",
  403: "the account may not make calls: check its permissions",
  429: "too many calls, or no credit left: try again in a minute, or check the account",
};

const CONNECT_WITHIN_MS = 15_000;
const QUIETEST_DB = -60;

/** Something that ends a call; the message tells people what happened and what they can do. */
class Failure extends Error {}

/** Why a call ends that people end themselves. */
const HUNG_UP = new Error("hung up");

/** The turns of both sides, in the order of the conversation, whenever their words come. */
class Transcript {
  #turns = new Map();

  clear() {
    this.#turns.clear();
    page.conversation.replaceChildren();
  }

  /** A turn, after another; null: before all. What is no speech has its place, too, but nothing to show. */
  add({ id, type, role, content }, previousId) {
    const turn = document.createElement("li");
    turn.dataset.role = role;
    turn.hidden = type !== "message" || role === "system";
    const speaker = document.createElement("span");
    speaker.className = "speaker";
    speaker.textContent = role === "user" ? "You" : "Assistant";
    const words = document.createElement("div");
    words.className = "words";
    words.textContent = (content ?? []).map((part) => part.transcript ?? part.text ?? "").join("");
    turn.append(speaker, words);
    this.#turns.set(id, turn);
    if (previousId === null) page.conversation.prepend(turn);
    else if (this.#turns.has(previousId)) this.#turns.get(previousId).after(turn);
    else page.conversation.append(turn);
    this.#follow();
  }

  append(id, text) {
    this.#words(id)?.append(text);
    this.#follow();
  }

  replace(id, text) {
    this.#words(id)?.replaceChildren(text);
    this.#follow();
  }

  /** A word beside the speaker's name, such as "interrupted". */
  note(id, text) {
    const speaker = this.#turns.get(id)?.querySelector(".speaker");
    if (speaker) speaker.textContent = `Assistant · ${text}`;
  }

  #words(id) {
    return this.#turns.get(id)?.querySelector(".words");
  }

  #follow() {
    page.scroller.scrollTop = page.scroller.scrollHeight;
  }
}

const transcript = new Transcript();

/** What goes on in a call, told by the service's events. */
class Conversation {
  /** What the service said last that was no answer, such as why it is about to hang up. */
  complaint = "";

  #send;
  #open = false;
  #userSpeaks = false;
  #responds = false;
  #plays = false;

  constructor(send) {
    this.#send = send;
  }

  /** The channel is open: people can talk. Some services filter what they send, `session.created` too. */
  onOpen() {
    this.#open = true;
    this.show();
  }

  onEvent(event) {
    this.#HANDLERS[event.type]?.(event);
    this.show();
  }

  /** Silence the assistant: no more words of this answer, and not those that wait to be played. */
  interrupt() {
    if (this.#responds) this.#send({ type: "response.cancel", event_id: "interrupt-response" });
    this.#send({ type: "output_audio_buffer.clear", event_id: "interrupt-audio" });
  }

  show() {
    page.interrupt.disabled = !(this.#responds || this.#plays);
    if (this.#userSpeaks) showState("hearing");
    else if (this.#plays) showState("speaking");
    else if (this.#responds) showState("thinking");
    else showState(this.#open ? "listening" : "connecting");
  }

  #HANDLERS = {
    "input_audio_buffer.speech_started": () => (this.#userSpeaks = true),
    "input_audio_buffer.speech_stopped": () => (this.#userSpeaks = false),
    "output_audio_buffer.started": () => (this.#plays = true),
    "output_audio_buffer.stopped": () => (this.#plays = false),
    "output_audio_buffer.cleared": () => (this.#plays = false),

    "conversation.item.added": ({ item, previous_item_id }) => transcript.add(item, previous_item_id),
    "conversation.item.done": ({ item: { id, status } }) =>
      status === "incomplete" && transcript.note(id, "interrupted"),
    "conversation.item.truncated": ({ item_id }) => transcript.note(item_id, "interrupted"),
    "conversation.item.input_audio_transcription.delta": ({ item_id, delta }) => transcript.append(item_id, delta),
    "conversation.item.input_audio_transcription.completed": (event) =>
      transcript.replace(event.item_id, event.transcript),
    "conversation.item.input_audio_transcription.failed": ({ item_id }) =>
      transcript.replace(item_id, "(could not be written down)"),
    "response.output_audio_transcript.delta": ({ item_id, delta }) => transcript.append(item_id, delta),
    "response.output_audio_transcript.done": (event) => transcript.replace(event.item_id, event.transcript),

    "response.created": () => (this.#responds = true),
    "response.done": ({ response: { status, status_details } }) => {
      this.#responds = false;
      if (status === "failed") showError(`There is no answer. ${status_details?.error?.message ?? "Please say it again."}`);
    },
    error: ({ error }) => {
      // an answer may end by itself while it is being interrupted: then there is nothing left to cancel
      if (error.event_id?.startsWith("interrupt-")) return;
      this.complaint = error.message;
      showError(`The service says: ${error.message}`);
    },
  };
}

/** Show on a meter how loud a stream is, until `release` is called back. */
function showLevel(audio, stream, meter, release) {
  const analyser = new AnalyserNode(audio, { fftSize: 1024 });
  new MediaStreamAudioSourceNode(audio, { mediaStream: stream }).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let frame;
  const draw = () => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    meter.value = Math.max(0, 1 - (10 * Math.log10(power)) / QUIETEST_DB);
    frame = requestAnimationFrame(draw);
  };
  draw();
  release(() => {
    cancelAnimationFrame(frame);
    meter.value = 0;
  });
}

async function openMicrophone() {
  if (!navigator.mediaDevices) {
    throw new Failure("Browsers give the microphone to https pages and to localhost only: open this page there.");
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    throw new Failure(MICROPHONE[error.name] ?? `The microphone cannot be opened: ${error.message}`);
  }
}

async function askForSecret(signal) {
  const answer = await post("/secret", { signal }, "The server of this page does not answer. Is it running?");
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failure(`There is no client secret: ${body.error ?? `HTTP ${answer.status}`}.`);
  return body;
}

/** Offer a call to the service; gives its answer. */
async function offerCall({ value, calls_url }, sdp, signal) {
  const headers = { Authorization: `Bearer ${value}`, "Content-Type": "application/sdp" };
  const answer = await post(
    calls_url,
    { headers, body: sdp, signal },
    "The service cannot be reached. Check the network, then press Talk again.",
  );
  if (answer.ok) return await answer.text();
  const { error } = await answer.json().catch(() => ({}));
  const why = REFUSED[answer.status] ?? error?.message ?? "press Talk to try again";
  throw new Failure(`The service refuses the call (HTTP ${answer.status}): ${why}.`);
}

async function post(url, options, unreachable) {
  try {
    return await fetch(url, { method: "POST", ...options });
  } catch (error) {
    throw options.signal.aborted ? error : new Failure(unreachable);
  }
}

/** Until all the peer's addresses are in its offer: they cannot be sent later. */
function gathered(peer) {
  return new Promise((resolve) => {
    const look = () => peer.iceGatheringState === "complete" && resolve();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
}

/** One call. It ends when `call` is aborted, by whomever; whatever it has opened is closed then. */
async function talk(call) {
  const { signal } = call;
  const release = (close) => signal.addEventListener("abort", close);
  const audio = new AudioContext();
  release(() => audio.close());

  showState("microphone");
  const microphone = await openMicrophone();
  release(() => microphone.getTracks().forEach((track) => track.stop()));
  microphone.getAudioTracks()[0].onended = () =>
    call.abort(new Failure("The microphone is gone. Connect it, then press Talk again."));
  if (signal.aborted) return microphone.getTracks().forEach((track) => track.stop());
  showLevel(audio, microphone, page.you, release);

  showState("connecting");
  const peer = new RTCPeerConnection();
  release(() => peer.close());
  peer.addTrack(microphone.getAudioTracks()[0], microphone);
  peer.ontrack = ({ track }) => {
    const stream = new MediaStream([track]);
    page.speaker.srcObject = stream;
    release(() => (page.speaker.srcObject = null));
    showLevel(audio, stream, page.assistant, release);
  };

  const channel = peer.createDataChannel("oai-events");
  const conversation = new Conversation((event) => channel.send(JSON.stringify(event)));
  const timer = setTimeout(
    () => call.abort(new Failure("No connection to the service. A firewall may block UDP: try another network.")),
    CONNECT_WITHIN_MS,
  );
  release(() => clearTimeout(timer));
  const opened = () => {
    clearTimeout(timer);
    conversation.onOpen();
  };
  channel.addEventListener("open", opened, { signal });
  // what has arrived before the end may still come after it
  channel.addEventListener("message", ({ data }) => conversation.onEvent(JSON.parse(data)), { signal });
  channel.onclose = () =>
    call.abort(new Failure(`The service has ended the call. ${conversation.complaint} Press Talk to call again.`));
  const stateChanged = () => {
    const { connectionState: state } = peer;
    if (state === "connected") conversation.show();
    if (state === "disconnected") showState("weak");
    if (state === "failed") {
      call.abort(new Failure("The connection is lost. Check the network, then press Talk to call again."));
    }
  };
  peer.addEventListener("connectionstatechange", stateChanged, { signal });
  const interrupt = () => conversation.interrupt();
  page.interrupt.addEventListener("click", interrupt, { signal });

  await peer.setLocalDescription();
  const [secret] = await Promise.all([askForSecret(signal), gathered(peer)]);
  const sdp = await offerCall(secret, peer.localDescription.sdp, signal);
  await peer.setRemoteDescription({ type: "answer", sdp });
}

function showState(state) {
  // people with screen readers hear only what changes
  if (page.state.dataset.state === state) return;
  page.state.dataset.state = state;
  page.state.textContent = STATES[state];
}

function showError(message) {
  page.error.textContent = message;
  page.error.hidden = !message;
}

let current = null;

async function begin() {
  const call = new AbortController();
  current = call;
  call.signal.addEventListener("abort", () => {
    const { reason } = call.signal;
    current = null;
    page.talk.textContent = "Talk";
    delete page.talk.dataset.inCall;
    page.interrupt.disabled = true;
    showState(reason === HUNG_UP ? "ended" : "failed");
    if (reason !== HUNG_UP) showError(reason instanceof Failure ? reason.message : `Something broke: ${reason}`);
  });
  page.talk.textContent = "Hang up";
  page.talk.dataset.inCall = "";
  showError("");
  transcript.clear();
  try {
    await talk(call);
  } catch (error) {
    call.abort(error);
  }
}

page.talk.addEventListener("click", () => (current ? current.abort(HUNG_UP) : begin()));
