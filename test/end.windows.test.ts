// The end of one direction on a pipe of messages that another program serves, as Docker does: an empty message says it.
import path from 'node:path';
import { expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, uniqueName, until } from './support/pipes.ts';
import { root, run } from './support/programs.ts';
import { ForeignServer, win, witnessFile } from './support/witness.ts';

const child = path.join(root, 'test/support/message-server-child.js');
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

it('of a peer that keeps its handle is seen by raw(), which may still answer', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const client = await clientFor(server.path, { framing: framing.raw() });
  server.write('question');
  server.write(Buffer.alloc(0));
  expect(String(await client.read())).toBe('question');
  expect([await client.read(), client.ended, client.state]).toEqual([null, true, 'open']);
  await client.send(Buffer.from('answer'));
  expect(await server.read()).toEqual(Buffer.from('answer'));
  server.close();
  await client.closed;
});

it('of a peer that keeps its handle is seen by toDuplex(), also when nobody has read yet', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const stream = (await clientFor(server.path, { framing: framing.raw() })).toDuplex({ allowHalfOpen: true });
  for (let i = 0; i < 4; i++) server.write(Buffer.alloc(64_000, i)); // more than a stream takes at once
  server.write(Buffer.alloc(0));
  let bytes = 0;
  for await (const chunk of stream) bytes += (chunk as Buffer).length;
  expect(bytes).toBe(256_000);
});

it('of a peer that keeps its handle is seen behind messages that waited to be read', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const client = await clientFor(server.path, { framing: framing.raw(), highWaterMark: 1024 });
  // Nobody reads meanwhile: at the mark the connection stops, and what is left waits in the pipe together.
  for (const message of ['a'.repeat(1500), 'last', '']) server.write(message);
  let bytes = 0;
  for (let chunk = await client.read(); chunk !== null; chunk = await client.read()) bytes += chunk.length;
  expect([bytes, client.ended, client.state]).toEqual([1504, true, 'open']);
});

it('of a peer that keeps its handle is seen by a stream that nobody has read', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const client = await clientFor(server.path, { framing: framing.raw(), highWaterMark: 1024 });
  const stream = client.toDuplex({ allowHalfOpen: true });
  for (const message of ['a'.repeat(1500), 'last', '']) server.write(message); // as above
  // By events, for who iterates a stream to its end destroys it.
  let last = '';
  stream.setEncoding('latin1').on('data', (chunk: string) => {
    last = (last + chunk).slice(-6);
  });
  await new Promise((resolve) => stream.once('end', resolve));
  expect(last).toBe('aalast');
  stream.end('answer');
  expect(await server.read()).toEqual(Buffer.from('answer'));
  expect(await server.read()).toEqual(Buffer.alloc(0));
});

it('of a peer that keeps its handle ends and closes a stream, of both ends', async () => {
  const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
  const stream = (await clientFor(server.path, { framing: framing.raw() })).toDuplex();
  server.write('x');
  server.write('');
  const story: string[] = [];
  stream.on('data', (chunk) => story.push(String(chunk))).on('end', () => story.push('end'));
  await new Promise((resolve) => stream.once('finish', resolve));
  expect(await server.read()).toEqual(Buffer.alloc(0)); // and so the peer sees ours
  await new Promise((resolve) => stream.once('close', resolve));
  expect(story).toEqual(['x', 'end']);
  expect(await server.read()).toBe(win.ERROR_BROKEN_PIPE);
});

it('of either side is seen behind what the other has not read yet', async () => {
  const name = pipePath(uniqueName());
  const peer = run(process.execPath, [child, witnessFile, name]);
  const says = (what: string) => until(() => peer.output.includes(what), `it says ${what}: ${peer.output}`);
  await says('up');
  const client = await clientFor(name, { framing: framing.raw(), highWaterMark: 1024 });
  peer.process.stdin!.write('write\n');
  await says('written');
  const sent = Promise.all(Array.from({ length: 20 }, (_, i) => client.send(Buffer.alloc(50_000, i))));
  const ended = client.end(); // more than the system takes: it waits, and so does what came
  peer.process.stdin!.write('read\n');
  await says('1000000 bytes, then 0');
  await sent;
  expect(await ended).toBe(true);
  let bytes = 0;
  for (let chunk = await client.read(); chunk !== null; chunk = await client.read()) bytes += chunk.length;
  expect([bytes, client.ended, client.state]).toEqual([1504, true, 'open']);
});
