// One call, bare: what comes over the channel, and what is heard of the track, for a test to look at.

const RECORDED_HZ = 48_000;

globalThis.call = {
  received: [],
  states: [],
  heard: [],
  answer: null,

  async secret(url, session) {
    const headers = { Authorization: "Bearer any", "Content-Type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ session }) });
    return (await answer.json()).value;
  },

  /** Make a call, until the channel is open. */
  async begin(url, key) {
    // the microphone as it is, without what browsers do for speech
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: raw });
    const peer = (this.peer = new RTCPeerConnection());
    this.track = stream.getAudioTracks()[0];
    this.sender = peer.addTrack(this.track, stream);
    peer.ontrack = ({ track }) => this.record(track);
    peer.onconnectionstatechange = () => this.states.push(peer.connectionState);
    const channel = (this.channel = peer.createDataChannel("oai-events"));
    channel.onmessage = ({ data }) => this.received.push({ at: this.heardSamples(), ...JSON.parse(data) });
    channel.onclose = () => this.states.push("channel closed");
    const opened = new Promise((resolve) => (channel.onopen = resolve));

    await peer.setLocalDescription();
    while (peer.iceGatheringState !== "complete") {
      await new Promise((resolve) => (peer.onicegatheringstatechange = resolve));
    }
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/sdp" };
    const answer = await fetch(url, { method: "POST", headers, body: peer.localDescription.sdp });
    const sdp = await answer.text();
    this.answer = {
      status: answer.status,
      type: answer.headers.get("Content-Type"),
      location: answer.headers.get("Location"),
      sdp,
    };
    await peer.setRemoteDescription({ type: "answer", sdp });
    await opened;
  },

  send(event) {
    this.channel.send(JSON.stringify(event));
  },

  hangUp() {
    this.peer.close();
    this.track.stop();
  },

  /** Keep what comes over a track, decoded: one channel, 16 bits. */
  async record(track) {
    // Chromium decodes what somebody listens to
    const speaker = new Audio();
    speaker.srcObject = new MediaStream([track]);
    speaker.play();
    const audio = new AudioContext({ sampleRate: RECORDED_HZ });
    const source = new MediaStreamAudioSourceNode(audio, { mediaStream: speaker.srcObject });
    await audio.audioWorklet.addModule("/recorder.js");
    const recorder = new AudioWorkletNode(audio, "recorder");
    recorder.port.onmessage = ({ data }) => this.heard.push(data);
    source.connect(recorder).connect(audio.destination);
  },

  heardSamples() {
    return this.heard.reduce((sum, piece) => sum + piece.length, 0);
  },

  /** All that was heard, as base64. */
  recording() {
    const all = new Int16Array(this.heardSamples());
    let start = 0;
    for (const piece of this.heard) {
      all.set(piece, start);
      start += piece.length;
    }
    let text = "";
    for (const byte of new Uint8Array(all.buffer)) text += String.fromCharCode(byte);
    return btoa(text);
  },
};
