// What the node programs share: what they are told, and what they tell. Knows no client.
import { readFileSync } from 'node:fs';

const DEADLINE_MS = 30_000;
const CHUNK_BYTES = 4_800; // 100 ms at 24 kHz

export const task = JSON.parse(process.argv[2]);

/** One line for the test. */
export const tell = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');

let said = '';

/** The assistant says something. */
export function hear(words) {
  said += words;
  tell({ said: words });
}

/** Whether the assistant has said all that is waited for: the response that ends was the last. */
export const over = () => task.awaited.every((words) => said.includes(words));

/** The chunks to append, as buffers. */
export function* speech() {
  const pcm = readFileSync(task.pcm);
  for (let start = 0; start < pcm.length; start += CHUNK_BYTES) yield pcm.subarray(start, start + CHUNK_BYTES);
}

/** The chunks to append when the assistant is heard: the speech again, once, if that is wanted. */
export function* bargeIn() {
  if (!task.barges_in) return;
  task.barges_in = false;
  yield* speech();
}

/** The weather in a city. */
export function weather({ city }) {
  tell({ tool: { city } });
  return `It is sunny in ${city}.`;
}

setTimeout(() => {
  console.error('the conversation did not end');
  process.exit(1);
}, DEADLINE_MS).unref();
