// Notes what a page opens, so that a test can see whether it is closed again.
globalThis.made = { peers: [], audio: [], tracks: [] };

const noted = (name, list) =>
  (globalThis[name] = class extends globalThis[name] {
    constructor(...args) {
      super(...args);
      list.push(this);
    }
  });

noted("RTCPeerConnection", made.peers);
noted("AudioContext", made.audio);

const getUserMedia = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (getUserMedia) {
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    made.tracks.push(...stream.getTracks());
    return stream;
  };
}

/** What is still open, by name. */
made.open = () => [
  ...made.peers.filter((peer) => peer.connectionState !== "closed").map(() => "peer"),
  ...made.audio.filter((audio) => audio.state !== "closed").map(() => "audio"),
  ...made.tracks.filter((track) => track.readyState !== "ended").map(() => "track"),
];
