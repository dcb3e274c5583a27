// end() on a pipe of messages that another program serves, as Docker does: an empty message says that nothing follows.
import { expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, uniqueName } from './support/pipes.ts';
import { ForeignServer, win } from './support/witness.ts';

const messagePipe = { pipeMode: win.PIPE_TYPE_MESSAGE + win.PIPE_READMODE_MESSAGE };

it('of raw(): the peer sees the end, and may still answer', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const client = await clientFor(server.path, { framing: framing.raw() });
  void client.send(Buffer.from('question'));
  expect(await client.end()).toBe(true);
  expect(await server.read()).toEqual(Buffer.from('question'));
  expect(await server.read()).toEqual(Buffer.alloc(0));
  server.write('answer');
  expect(String(await client.read())).toBe('answer');
});

it('of toDuplex(): the same, and the answer is waited for', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const stream = (await clientFor(server.path, { framing: framing.raw() })).toDuplex();
  stream.end('question');
  expect(await server.read()).toEqual(Buffer.from('question'));
  expect(await server.read()).toEqual(Buffer.alloc(0));
  server.write('answer');
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await new Promise((resolve) => stream.once('data', resolve));
  server.close();
  await new Promise((resolve) => stream.once('close', resolve));
  expect(String(Buffer.concat(chunks))).toBe('answer');
});

it('of message(): none can be told, for an empty message is a frame', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const client = await clientFor(server.path, { framing: framing.message() });
  expect(await client.end()).toBe(false);
});
