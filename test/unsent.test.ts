// What is sent before JavaScript is told that the peer has left.
import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { next, serverFor, uniqueName } from './support/pipes.ts';

// Leaves when it hears something, without framepipe: its thread and this one share nothing but the pipe.
const PEER = `
  const { workerData: { path, left } } = require('node:worker_threads');
  const socket = require('node:net').connect(path);
  socket.on('data', () => socket.destroy());
  socket.on('close', () => {
    Atomics.store(left, 0, 1);
    Atomics.notify(left, 0);
  });
`;

/** Both ends of a connection that is none of framepipe's. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connectSocket((server.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  server.close();
  return [near, far];
}

const outcome = (promise: Promise<void>) =>
  promise.then(
    () => 'resolves',
    (error) => error.code as string,
  );

// Linux: what has become ready first is told last, after all of the round. Windows: another thread knows it long before.
it.each(['at once', 'while others are heard'])('is told by closed, if its sending was accepted: %s', async (when) => {
  const server = await serverFor(uniqueName(), { framing: framing.raw() });
  const left = new Int32Array(new SharedArrayBuffer(4));
  const peer = new Worker(PEER, { eval: true, workerData: { path: server.path, left } });
  const [near, far] = await socketPair();
  const pipe = await next(server);
  const send = () => outcome(pipe.send(Buffer.from('unsent')));
  const sentWhenHeard = new Promise<string>((resolve) => {
    far.once('data', () => resolve(send()));
  });
  await pause(30); // the system is asked for both, in this order
  await pipe.send(Buffer.from('leave'));
  Atomics.wait(left, 0, 0);
  Atomics.wait(left, 0, 1, 50); // the other thread hears of it
  near.write('.');
  const sent = when === 'at once' ? send() : sentWhenHeard;
  expect([await sent, await outcome(pipe.closed)]).not.toEqual(['resolves', 'resolves']);
  for (const socket of [near, far]) socket.destroy();
  await peer.terminate();
});
