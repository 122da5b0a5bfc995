// Notes what a page opens, so that a test can see whether it is closed again.
globalThis.made = { peers: [], channels: [], audio: [], tracks: [] };

const noted = (name, list) =>
  (globalThis[name] = class extends globalThis[name] {
    constructor(...args) {
      super(...args);
      list.push(this);
    }
  });

noted("RTCPeerConnection", made.peers);
noted("AudioContext", made.audio);

const { createDataChannel } = RTCPeerConnection.prototype;
RTCPeerConnection.prototype.createDataChannel = function (...args) {
  const channel = createDataChannel.apply(this, args);
  made.channels.push(channel);
  return channel;
};

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
