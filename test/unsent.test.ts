// What is sent before JavaScript is told that the peer has left.
import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { framing, type PipeConnection } from '../lib/index.ts';
import { next, serverFor, uniqueName } from './support/pipes.ts';

// They leave when the first one hears something, without framepipe: their thread and this one share nothing but the pipe.
const PEERS = `
  const { workerData: { path, count, left } } = require('node:worker_threads');
  const sockets = Array.from({ length: count }, () => require('node:net').connect(path));
  for (const socket of sockets) {
    socket.on('data', () => sockets.forEach((each) => each.destroy()));
    socket.on('close', () => {
      Atomics.add(left, 0, 1);
      Atomics.notify(left, 0);
    });
  }
`;

interface Peers {
  pipes: PipeConnection[];
  /** Makes them leave, and waits until they have; this thread hears nothing meanwhile. */
  leave(): Promise<void>;
}

async function peers(count: number): Promise<Peers> {
  const server = await serverFor(uniqueName(), { framing: framing.raw() });
  const left = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(PEERS, { eval: true, workerData: { path: server.path, count, left } });
  onTestFinished(() => void worker.terminate());
  const pipes: PipeConnection[] = [];
  while (pipes.length < count) pipes.push(await next(server));
  const leave = async () => {
    await pause(30); // the system is asked for all of them
    await pipes[0]!.send(Buffer.from('leave'));
    for (let gone = 0; gone < count; gone = Atomics.load(left, 0)) Atomics.wait(left, 0, gone);
    Atomics.wait(left, 0, count, 50); // a thread of the library's hears of it
  };
  return { pipes, leave };
}

/** Both ends of a connection that is none of framepipe's. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connectSocket((server.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  server.close();
  onTestFinished(() => {
    for (const socket of [near, far]) socket.destroy();
  });
  return [near, far];
}

const outcome = (promise: Promise<void>) =>
  promise.then(
    () => 'resolves',
    (error) => error.code as string,
  );

const LOST = { sent: 'resolves', closed: 'resolves' };

describe('what is sent before JavaScript hears that the peer has left is told by closed, if it was accepted', () => {
  it('when it is sent at once', async () => {
    const { pipes, leave } = await peers(1);
    await leave();
    const sent = outcome(pipes[0]!.send(Buffer.from('unsent')));
    expect({ sent: await sent, closed: await outcome(pipes[0]!.closed) }).not.toEqual(LOST);
  });

  // Linux: what one round of the loop finds is told after all of it.
  it('when it is sent while something else is heard', async () => {
    const [near, far] = await socketPair();
    const { pipes, leave } = await peers(1);
    const sent = new Promise<string>((resolve) => {
      far.once('data', () => resolve(outcome(pipes[0]!.send(Buffer.from('unsent')))));
    });
    await leave();
    near.write('.');
    expect({ sent: await sent, closed: await outcome(pipes[0]!.closed) }).not.toEqual(LOST);
  });

  it('when so many leave that the end of some is told to send to the others', async () => {
    const { pipes, leave } = await peers(600);
    const sent = new Map<PipeConnection, Promise<string>>();
    const sendToAll = () => {
      for (const pipe of pipes) if (!sent.has(pipe)) sent.set(pipe, outcome(pipe.send(Buffer.from('unsent'))));
    };
    for (const pipe of pipes) void pipe.read().then(sendToAll);
    await leave();
    for (const pipe of pipes) {
      const closed = await outcome(pipe.closed);
      expect({ sent: await sent.get(pipe), closed }).not.toEqual(LOST);
    }
  });
});
