// How much waits, and where: queued, available, stats(); and send() with a signal.
import { describe, expect, it } from 'vitest';
import { FrameQueue, leaveSlab } from '../lib/frames.ts';
import { Slab } from '../lib/framing/slab.ts';
import { encodeFrame, framing } from '../lib/index.ts';
import { clientFor, next, pair, serverFor, uniqueName, until } from './support/pipes.ts';

describe('available', () => {
  it.each([
    ['lengthPrefix', framing.lengthPrefix()],
    ['varint', framing.varint()],
    ['lines', framing.lines()],
    ['contentLength', framing.contentLength()],
  ])('is exactly what is left, with headers: %s', async (_, kind) => {
    const { client, served } = await pair({ framing: kind });
    const frames = Array.from({ length: 50 }, (_, i) => Buffer.alloc((i * 37) % 300, 'x'));
    const sizes = frames.map((frame) => encodeFrame(kind, frame).length);
    const sum = (from: number) => sizes.slice(from).reduce((a, b) => a + b, 0);
    await client.sendMany(frames);
    await until(() => served.available === sum(0), 'all have arrived');
    for (let i = 0; i < 20; i++) {
      await served.read();
      expect(served.available).toBe(sum(i + 1));
    }
    const { value: batch } = await served.batches().next();
    expect(served.available).toBe(sum(20 + batch!.length));
    expect(served.stats().available).toBe(served.available);
  });
});

it('available stays exact when frames that nobody reads are moved', async () => {
  const kind = framing.contentLength();
  const [silent, busy] = [await pair({ framing: kind }), await pair()];
  const frames = Array.from({ length: 9 }, (_, i) => Buffer.alloc(2 ** i, 'x'));
  const left = (from: number) => frames.slice(from).reduce((sum, frame) => sum + encodeFrame(kind, frame).length, 0);
  for (const frame of frames) {
    await silent.client.send(frame);
    await until(() => silent.served.available > 0, 'it arrives');
  }
  await until(() => silent.served.available === left(0), 'all have arrived');
  expect(await silent.served.read()).toEqual(frames[0]);
  for (let i = 0; i < 40; i++) {
    await busy.client.send(Buffer.alloc(10_000, i));
    await busy.served.read();
  }
  for (let i = 1; i < 9; i++) {
    expect(silent.served.available).toBe(left(i));
    expect(await silent.served.read()).toEqual(frames[i]);
  }
});

it.each([
  ['lengthPrefix', framing.lengthPrefix({ as: 'utf8' }), [4, 4, 4, 4, 4, 4]],
  ['varint', framing.varint({ as: 'utf8' }), [1, 2, 1, 3, 1, 1]],
  ['lines', framing.lines({ as: 'utf8' }), [1, 2, 1, 1, 2, 1]],
])('frames that are moved from the beginning of a slab are what they were: %s', (kind, made, around) => {
  const texts = ['one', '', 'three', 'f', 'five', 'six'];
  const before = kind !== 'lines';
  // The first header is not in the slab: what counts lies before it.
  const slab = new Slab(Buffer.alloc(64, '.'));
  const channel = { path: 'pipe', framing: made, direction: 3, highWaterMark: 1 << 20, limits: undefined };
  const queue = new FrameQueue({ number: 0 }, channel);
  const left = (from: number) => texts.slice(from).join('').length + around.slice(from).reduce((a, b) => a + b, 0);
  for (const [from, count] of [
    [0, 4],
    [4, 2],
  ] as const) {
    const bounds: number[] = [];
    let at = from === 0 ? 0 : 40;
    for (let i = from; i < from + count; i++) {
      if (before && i > from) at += around[i]!;
      bounds.push(at, (at += slab.bytes.write(texts[i]!, at)));
      if (!before) at += around[i]!;
    }
    const bytes = left(from) - left(from + count);
    queue.push(slab, true, Uint32Array.from([bytes, bytes, ...bounds]), 0, count);
  }
  expect([queue.available, queue.shift(), queue.available]).toEqual([left(0), 'one', left(1)]);
  leaveSlab();
  slab.bytes.fill('?');
  for (let i = 1; i < 6; i++) expect([queue.available, queue.shift()]).toEqual([left(i), texts[i]]);
  expect([queue.available, queue.empty]).toEqual([0, true]);
});

describe('queued', () => {
  it('is what was accepted and the system has not taken, gathered frames included', async () => {
    const { client, served } = await pair();
    expect(client.queued).toBe(0);
    for (let i = 0; i < 10; i++) void client.send(Buffer.alloc(96));
    expect(client.queued).toBeLessThanOrEqual(1000);
    await until(() => client.queued === 0, 'the system has taken all');
    for (let i = 0; i < 64; i++) void client.send(Buffer.alloc(64_000));
    await until(() => client.stats().bytesSent > 1000, 'some goes out');
    const all = 1000 + 64 * 64_004;
    const { queued, bytesSent } = client.stats();
    expect(queued).toBeGreaterThan(0);
    expect(queued + bytesSent).toBe(all);
    for (let i = 0; i < 74; i++) await served.read();
    await until(() => client.queued === 0, 'all has gone out');
    await client.close();
    expect(client.queued).toBe(0);
  });
});

describe('stats', () => {
  it('tell of a frame that is not whole, and of a reader that is behind', async () => {
    const server = await serverFor(uniqueName(), { highWaterMark: 10_000 });
    const client = await clientFor(server.path, { framing: framing.raw() });
    const served = await next(server);
    expect(served.stats()).toMatchObject({ incomplete: 0, paused: false, queued: 0 });
    const frame = encodeFrame(framing.lengthPrefix(), Buffer.alloc(5000));
    await client.send(frame.subarray(0, 1004));
    await until(() => served.stats().bytesReceived === 1004, 'the beginning');
    expect(served.stats()).toMatchObject({ incomplete: 1004, paused: false, available: 0, framesReceived: 0 });
    await client.send(frame.subarray(1004));
    await until(() => served.available === 5004, 'all of it');
    expect(served.stats()).toMatchObject({ incomplete: 0, framesReceived: 1 });
    void client.send(frame);
    void client.send(frame);
    await until(() => served.stats().paused, 'it is full');
    while (served.stats().framesReceived < 3 || served.available > 0) await served.read();
    await until(() => !served.stats().paused, 'reading goes on');
  });

  it('tell when a byte last came or went, also after the end', async () => {
    const { client, served } = await pair();
    const made = client.stats().lastActivity;
    expect(Math.abs(Date.now() - made)).toBeLessThan(60_000); // a date, and not a time since something else
    await until(() => Date.now() - made > 40, 'time passes');
    await client.send(Buffer.from('x'));
    await served.read();
    await until(() => client.stats().lastActivity > made + 20, 'the write counts');
    await until(() => served.stats().lastActivity > made + 20, 'the read counts');
    await client.close();
    const { lastActivity } = client.stats();
    await until(() => Date.now() - lastActivity > 40, 'time passes');
    expect(client.stats().lastActivity).toBe(lastActivity);
  });
});

describe('send with a signal', () => {
  const frame = Buffer.alloc(60_000);
  const mine = new Error('mine');

  it('that has aborted sends nothing', async () => {
    const { client, served } = await pair({ framing: framing.lines({ as: 'utf8' }) });
    await expect(client.send('never', { signal: AbortSignal.abort(mine) })).rejects.toBe(mine);
    await client.send('next', { signal: new AbortController().signal });
    await client.send('last', {});
    expect([await served.read(), await served.read()]).toEqual(['next', 'last']);
  });

  it('that aborts later ends the wait alone', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 });
    const controller = new AbortController();
    let sent = 0;
    let waiting: Promise<void> | undefined;
    while (client.queued <= 65_536) {
      waiting = client.send(frame, { signal: controller.signal });
      sent++;
    }
    const other = client.send(frame, { signal: new AbortController().signal });
    controller.abort(mine);
    await expect(waiting).rejects.toBe(mine);
    for (let i = 0; i <= sent; i++) expect((await served.read())!.length).toBe(60_000);
    await other;
  });

  it('rejects as ever when the connection ends, and what is no signal or option is refused', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 });
    const { signal } = new AbortController();
    while (client.queued <= 65_536) void client.send(frame, { signal });
    const waiting = client.send(frame, { signal });
    await expect(client.send(frame, { signal: 5 as never })).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(client.send(frame, { sginal: signal } as object)).rejects.toThrow('did you mean "signal"?');
    await expect(client.send(frame, (() => {}) as never)).rejects.toThrow('send takes no callback: await it');
    served.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'EPIPE' });
    await expect(client.send(frame, { signal })).rejects.toMatchObject({ code: 'EPIPE' });
  });
});
