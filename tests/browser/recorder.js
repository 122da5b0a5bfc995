// Hands on what it hears, in pieces of 100 ms.
registerProcessor(
  "recorder",
  class extends AudioWorkletProcessor {
    #piece = new Int16Array(4800);
    #filled = 0;

    process([[samples]]) {
      for (const sample of samples ?? []) {
        this.#piece[this.#filled++] = sample * 32767;
        if (this.#filled === this.#piece.length) {
          this.port.postMessage(this.#piece);
          this.#piece = new Int16Array(4800);
          this.#filled = 0;
        }
      }
      return true;
    }
  },
);
