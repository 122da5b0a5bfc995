// npm `@openai/agents`: its realtime session as it is configured by itself, over WebSocket, and a function tool.
import { tool } from '@openai/agents';
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from '@openai/agents/realtime';
import { z } from 'zod';
import { bargeIn, hear, over, speech, task, tell, weather } from './program.mjs';

const tools = [
  tool({
    name: 'weather',
    description: 'The weather in a city.',
    parameters: z.object({ city: z.string() }),
    execute: weather,
  }),
];
const agent = new RealtimeAgent({ name: 'Assistant', instructions: 'Be brief.', tools });
const transport = new OpenAIRealtimeWebSocket();
const session = new RealtimeSession(agent, { transport, model: 'gpt-realtime-2.1' });

function speak(chunks) {
  for (const chunk of chunks) session.sendAudio(new Uint8Array(chunk).buffer);
}

let finished = false;
transport.on('connection_change', (status) => {
  if (status === 'disconnected' && !finished) tell({ closed: null });
});
transport.on('audio_transcript_delta', ({ delta }) => hear(delta));
session.on('audio', ({ data }) => {
  tell({ audio: Buffer.from(data).toString('base64') });
  speak(bargeIn());
});
session.on('error', ({ error }) => tell({ error: String(error?.error?.message ?? error?.message ?? error) }));
transport.on('turn_done', () => {
  finished = over();
  if (!finished) return;
  for (const item of session.history) {
    if (item.role === 'assistant') tell({ final: item.content.map(({ transcript }) => transcript).join('') });
  }
  session.close();
});

const url = `${task.url.replace('http', 'ws')}/realtime?model=gpt-realtime-2.1`;
await session.connect({ apiKey: 'any', url });
if (task.pcm) {
  speak(speech());
} else {
  session.sendMessage(task.text);
}
