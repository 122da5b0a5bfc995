// npm `openai`: its realtime WebSocket client.
import net from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { bargeIn, hear, over, speech, task, tell, weather } from './program.mjs';

const tool = {
  type: 'function',
  name: 'weather',
  description: 'The weather in a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const client = new OpenAI({ apiKey: 'any', baseURL: task.url });
// it always asks for wss; on loopback there is no TLS
const options = { createConnection: ({ host, port }) => net.connect({ host, port }) };
const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1', options }, client);

function speak(chunks) {
  for (const chunk of chunks) {
    realtime.send({ type: 'input_audio_buffer.append', audio: chunk.toString('base64') });
  }
}

function begin() {
  const modality = task.pcm ? 'audio' : 'text';
  realtime.send({ type: 'session.update', session: { type: 'realtime', output_modalities: [modality], tools: [tool] } });
  if (task.pcm) {
    speak(speech());
    return;
  }
  const content = [{ type: 'input_text', text: task.text }];
  realtime.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  realtime.send({ type: 'response.create' });
}

function answer(calls) {
  if (!calls.length) return;
  for (const { call_id, arguments: json } of calls) {
    const output = weather(JSON.parse(json));
    realtime.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output } });
  }
  realtime.send({ type: 'response.create' });
}

realtime.socket.on('open', begin);
let finished = false;
realtime.socket.on('close', (code) => finished || tell({ closed: code }));
realtime.on('error', (error) => tell({ error: error.message }));
realtime.on('response.output_text.delta', ({ delta }) => hear(delta));
realtime.on('response.output_audio_transcript.delta', ({ delta }) => hear(delta));
realtime.on('response.output_text.done', ({ text }) => tell({ final: text }));
realtime.on('response.output_audio_transcript.done', ({ transcript }) => tell({ final: transcript }));
realtime.on('response.output_audio.delta', ({ delta }) => {
  tell({ audio: delta });
  speak(bargeIn());
});
realtime.on('response.done', ({ response }) => {
  finished = over();
  if (finished) realtime.close();
  else answer(response.output.filter((item) => item.type === 'function_call'));
});
