// highWaterMark: a slow reader, and a slow peer, cost bounded memory; and nothing is lost.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { framing, type PipeConnection } from '../lib/index.ts';
import { clientFor, next, pair, pattern, serverFor, uniqueName, until } from './support/pipes.ts';

const MIB = 1 << 20;
const PAYLOAD = 65_532;
/** With its header. */
const FRAME = PAYLOAD + 4;
const child = fileURLToPath(new URL('support/flood-child.js', import.meta.url));

/** A peer of another make that floods; `stalled` gives how much it could send before it was held up. */
function flood(path: string, bytes: number, connections = 1): { stalled(): Promise<number> } {
  const process_ = spawn(process.execPath, [child, path, String(bytes), String(connections)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const lines = createInterface(process_.stdout)[Symbol.asyncIterator]();
  return { stalled: async () => Number((await lines.next()).value) };
}

describe('a reader that pauses', () => {
  it('holds up a flood of 1 GiB, in bounded memory, and gets what had been sent', { timeout: 60_000 }, async () => {
    const server = await serverFor(uniqueName());
    const before = process.memoryUsage().rss;
    const flooding = flood(server.path, 1024 * MIB);
    const served = await next(server);
    const sent = await flooding.stalled();
    expect(sent).toBeLessThan(16 * MIB);
    expect(served.available).toBeLessThan(2 * MIB);
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * MIB);
    for (let got = 0; got <= sent; got += 65_536) expect((await served.read())!.length).toBe(PAYLOAD);
    expect(await flooding.stalled()).toBeGreaterThan(sent); // it goes on, and is held up again
    served.destroy();
  });

  it('on 50 connections at once costs no more than their marks', { timeout: 60_000 }, async () => {
    const server = await serverFor(uniqueName(), { highWaterMark: 128 * 1024 });
    const before = process.memoryUsage().rss;
    const flooding = flood(server.path, 64 * MIB, 50);
    await until(() => server.connections === 50, 'all are connected');
    await flooding.stalled();
    expect(process.memoryUsage().rss - before).toBeLessThan(160 * MIB);
    const mark = 128 * 1024;
    const taken = await Promise.all(Array.from({ length: 50 }, () => next(server)));
    await until(() => taken.every(({ available }) => available + FRAME > mark), 'all have read as far as they may');
    await pause(50);
    for (const served of taken) {
      expect(served.available).toBeLessThan(mark + FRAME);
      served.destroy();
    }
  });

  it.each([0, 1, 60, 5000, 200_000])(
    'of frames of %d bytes holds no more than the mark and one frame',
    async (size) => {
      const mark = 256 * 1024;
      const { client, served } = await pair({ highWaterMark: mark, framing: framing.varint() });
      const frames = Array.from({ length: Math.ceil((8 * MIB) / (size + 20)) }, () => pattern(size));
      client.sendMany(frames).catch(() => {});
      let before: number;
      do {
        before = served.stats().framesReceived;
        await pause(50);
      } while (served.stats().framesReceived > before || before === 0);
      expect(before).toBeLessThan(frames.length);
      // Each counts for what is kept beside its bytes, too.
      expect(before * (size + 16)).toBeLessThan(mark + size + 16 * 1024);
      for (let i = 0; i < before; i++) expect((await served.read())!.length).toBe(size);
      served.destroy();
    },
  );

  it('of one connection does not hold up another', async () => {
    const server = await serverFor(uniqueName(), { highWaterMark: 65_536 });
    const flooding = flood(server.path, 64 * MIB);
    const slow = await next(server);
    await flooding.stalled();
    const client = await clientFor(server.path);
    const served = await next(server);
    for (let i = 0; i < 100; i++) {
      await client.send(Buffer.from(`${i}`));
      expect(String(await served.read())).toBe(`${i}`);
    }
    slow.destroy();
  });

  it('is not kept from a frame that is larger than the mark', async () => {
    const { client, served } = await pair({ highWaterMark: 1000 });
    const sending = client.send(pattern(3 * MIB));
    await pause(30);
    expect((await served.read())!.equals(pattern(3 * MIB))).toBe(true);
    await sending;
  });

  it.each([
    ['read', async (pipe: PipeConnection) => (await pipe.read())!.length],
    ['batches', async (pipe: PipeConnection) => (await pipe.batches().next()).value!.byteLength],
  ] as const)('goes on by %s', async (_, take) => {
    const { client, served } = await pair({ highWaterMark: 10_000 });
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await client.send(pattern(5000, i));
    })();
    await pause(50);
    for (let got = 0; got < 200 * 5000; ) got += await take(served);
    await sending;
  });
});

describe('a connection that nobody has taken', () => {
  it.each([
    ['frames', framing.varint()],
    ['messages', framing.message()],
  ])('is read no further than 64 KiB, and to its end when somebody has: %s', async (_, kind) => {
    const server = await serverFor(uniqueName(), { framing: kind });
    const client = await clientFor(server.path, { framing: kind });
    const frames = [pattern(1000), pattern(40_000), pattern(20_000), pattern(30_000)];
    await client.sendMany(frames);
    let drained = false;
    const draining = client.waitForDrain().then(() => {
      drained = true;
    });
    await pause(100);
    expect(drained).toBe(false);
    const served = await next(server);
    for (const frame of frames) expect((await served.read())!.equals(frame)).toBe(true);
    await draining;
  });

  it('is not read to its end though its client has left, and keeps what that sent', async () => {
    const server = await serverFor(uniqueName());
    const client = await clientFor(server.path);
    await client.sendMany([pattern(40_000), pattern(50_000)]);
    await client.close();
    await pause(50);
    expect(server.connections).toBe(1); // its end is not reached
    const served = await next(server);
    expect((await served.read())!.length).toBe(40_000);
    expect((await served.read())!.length).toBe(50_000);
    expect(await served.read()).toBeNull();
    await served.closed;
  });
});

describe('a peer that does not read', () => {
  it('paces send: what is under way is bounded, and all of it arrives in the end', async () => {
    const mark = 256 * 1024;
    const { client, served } = await pair({ highWaterMark: mark, framing: framing.lengthPrefix() });
    let accepted = 0;
    const sending = (async () => {
      for (; accepted < 500; accepted++) await client.send(pattern(PAYLOAD, accepted));
    })();
    let before: number;
    do {
      before = accepted;
      await pause(100);
    } while (accepted > before);
    // Both marks, and what the system holds.
    expect(before * PAYLOAD).toBeLessThan(2 * mark + 2 * MIB);
    expect(before * PAYLOAD).toBeGreaterThan(mark);
    for (let i = 0; i < 500; i++) expect((await served.read())!.equals(pattern(PAYLOAD, i))).toBe(true);
    await sending;
  });

  it('is told apart by waitForDrain, though everything was accepted', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 });
    const total = 8;
    for (let i = 0; i < total; i++) client.send(pattern(60_000, i)).catch(() => {});
    let drained = false;
    const draining = client.waitForDrain().then(() => {
      drained = true;
    });
    await pause(100);
    expect(drained).toBe(false);
    for (let i = 0; i < total; i++) await served.read();
    await draining;
  });

  it('paces frames that are sent in one go, too', async () => {
    for (const size of [100_000, 100]) {
      const { client, served } = await pair({ highWaterMark: 65_536 });
      const total = 4_000_000 / size;
      let accepted = 0;
      const waiting = Array.from({ length: total }, async (_, i) => {
        await client.send(pattern(size, i));
        accepted++;
      });
      await pause(100);
      expect(accepted * size).toBeLessThan(2 * MIB); // what was accepted when it was sent, or went out since
      for (let i = 0; i < total; i++) expect((await served.read())!.length).toBe(size);
      await Promise.all(waiting);
    }
  });

  it('lets those who wait in send know when it leaves', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 });
    const waiting = Array.from({ length: 20 }, () => client.send(pattern(100_000)));
    const settled = Promise.allSettled(waiting);
    served.destroy();
    const results = await settled;
    expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'EPIPE' } });
  });
});
