// node:net as the other side, in both roles.

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { framing } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, pattern, readAll, serverFor, uniqueName } from './support/pipes.ts';

const large = { framing: framing.lengthPrefix({ maxFrameLength: 64 << 20 }) } as const;

function wire(...frames: Buffer[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const header = Buffer.alloc(4);
      header.writeUInt32LE(frame.length);
      return [header, frame];
    }),
  );
}

async function netClient(name: string): Promise<net.Socket> {
  const socket = net.connect(pipePath(name));
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Echoes bytes until the other side ends. */
async function netEcho(name: string): Promise<net.Server> {
  const server = net.createServer((socket) => socket.pipe(socket).on('error', () => {}));
  server.listen(pipePath(name));
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server;
}

async function bytesUntilEnd(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a net client', () => {
  it('is understood however its header is split', async () => {
    const name = uniqueName();
    const server = await serverFor(name, large);
    const bytes = wire(Buffer.from('abc'), Buffer.alloc(0), Buffer.from('d'));
    for (let split = 1; split < bytes.length; split++) {
      const socket = await netClient(name);
      socket.setNoDelay(true);
      socket.write(bytes.subarray(0, split));
      await new Promise((resolve) => setTimeout(resolve, 2));
      socket.end(bytes.subarray(split));
      const connection = await next(server);
      expect((await readAll(connection)).map(String)).toEqual(['abc', '', 'd']);
      await connection.close();
    }
  });

  it('gets frames, and the end', async () => {
    const name = uniqueName();
    const server = await serverFor(name, large);
    const socket = await netClient(name);
    const connection = await next(server);
    await connection.sendMany([Buffer.from('hello'), Buffer.alloc(0), pattern(200_000)]);
    const closing = connection.close();
    expect((await bytesUntilEnd(socket)).equals(wire(Buffer.from('hello'), Buffer.alloc(0), pattern(200_000)))).toBe(
      true,
    );
    await closing;
  });

  it('may send 64 MiB in one frame', async () => {
    const name = uniqueName();
    const server = await serverFor(name, large);
    const socket = await netClient(name);
    const frame = pattern(64 << 20);
    socket.end(wire(frame));
    const got = (await (await next(server)).read())!;
    expect(got.length).toBe(frame.length);
    expect(got.equals(frame)).toBe(true);
  });

  it('that is reset ends the iteration', async () => {
    const name = uniqueName();
    const server = await serverFor(name, large);
    const socket = await netClient(name);
    const connection = await next(server);
    socket.write(wire(Buffer.from('last')));
    expect(String(await connection.read())).toBe('last');
    socket.destroy();
    expect(await connection.read()).toBeNull();
    await connection.close();
  });
});

describe('a net server', () => {
  it('echoes frames from empty to 64 MiB', async () => {
    const name = uniqueName();
    await netEcho(name);
    const client = await clientFor(name, large);
    const sizes = [0, 1, 1000, 65_536, 1 << 20, 64 << 20];
    const sending = (async () => {
      for (const [i, size] of sizes.entries()) await client.send(pattern(size, i));
    })();
    for (const [i, size] of sizes.entries()) {
      const frame = (await client.read())!;
      expect(frame.length).toBe(size);
      expect(frame.equals(pattern(size, i))).toBe(true);
    }
    await sending;
    await client.close();
  });

  it('that closes ends the iteration', async () => {
    const name = uniqueName();
    const server = net.createServer((socket) => socket.end(wire(Buffer.from('bye'))));
    server.listen(pipePath(name));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const client = await clientFor(name);
    expect((await readAll(client)).map(String)).toEqual(['bye']);
    await client.close();
  });
});
