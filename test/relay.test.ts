// sendMany and broadcast of a FrameBatch: the bytes of its frames go on, and no frame is made.
import { describe, expect, it, vi } from 'vitest';
import { FrameBatch, type Framing, framing, type PipeConnection } from '../lib/index.ts';
import { clientFor, next, type Pair, pair, pattern, readAll, serverFor, uniqueName, until } from './support/pipes.ts';

const bytes = (text: string) => Buffer.from(text);

/** The next batch of a connection, once all `frames` have arrived, which came together. */
async function batchOf<T>(pipe: PipeConnection<T>, frames: number): Promise<FrameBatch<T>> {
  await until(() => pipe.stats().framesReceived >= frames && pipe.available > 0, 'all have arrived');
  for await (const batch of pipe.batches()) return batch;
  throw new Error('it has ended');
}

/** Forwards all that comes, until the end. */
async function relay(from: PipeConnection<never>, to: PipeConnection<never>): Promise<number> {
  let batches = 0;
  for await (const batch of from.batches()) {
    await to.sendMany(batch);
    batches++;
  }
  await to.close({ timeout: Infinity });
  return batches;
}

const any = (framing: Framing<never>) => ({ framing }) as { framing: Framing<never> };

describe('a batch that is forwarded', () => {
  const kinds: Record<string, Framing<never>> = {
    lengthPrefix: framing.lengthPrefix() as never,
    'big-endian, 2 bytes': framing.lengthPrefix({ bytes: 2, endian: 'big' }) as never,
    varint: framing.varint() as never,
    lines: framing.lines() as never,
    netstring: framing.netstring() as never,
    contentLength: framing.contentLength() as never,
    message: framing.message() as never,
  };
  const ways = Object.keys(kinds).map((from, i, all) => [from, all[(i + 3) % all.length]!] as const);

  it.each([...ways, ['lengthPrefix', 'lengthPrefix'] as const])('from %s to %s, frame by frame', async (from, to) => {
    const source = (await pair(any(kinds[from]!))) as unknown as Pair<Buffer>;
    const target = (await pair(any(kinds[to]!))) as unknown as Pair<Buffer>;
    const relaying = relay(source.served as never, target.client as never);
    const received = readAll(target.served);
    const frames = Array.from({ length: 1500 }, (_, i) => `${i} ${'x'.repeat(i % 500 === 0 ? 3000 : i % 90)}`);
    for (let i = 0; i < frames.length; i += 250) await source.client.sendMany(frames.slice(i, i + 250).map(bytes));
    await source.client.close({ timeout: Infinity });
    await relaying;
    expect((await received).map(String)).toEqual(frames);
  });

  it('makes no frames, and parses nothing', async () => {
    const json = { framing: framing.lengthPrefix({ as: 'json' }) };
    const source = await pair<unknown>(json, { framing: framing.lengthPrefix({ as: 'utf8' }) as never });
    const target = await pair<unknown>(json, { framing: framing.lengthPrefix({ as: 'utf8' }) as never });
    await source.client.sendMany(['{ "a" :1 }', 'no JSON', '[1.0]']);
    const batch = await batchOf(source.served, 3);
    const at = vi.spyOn(FrameBatch.prototype, 'at');
    try {
      await target.served.sendMany(batch);
      expect(at).not.toHaveBeenCalled();
    } finally {
      at.mockRestore();
    }
    for (const text of ['{ "a" :1 }', 'no JSON', '[1.0]']) expect(await target.client.read()).toBe(text);
  });

  it('is what is left when some of its frames were read', async () => {
    const source = await pair();
    const target = await pair();
    await source.client.sendMany(['a', 'b', 'c', 'd'].map(bytes));
    expect(String(await source.served.read())).toBe('a');
    expect(String(await source.served.read())).toBe('b');
    await target.client.sendMany(await batchOf(source.served, 4));
    for (const text of ['c', 'd']) expect(String(await target.served.read())).toBe(text);
  });

  it('may be one frame, an empty frame, a long one', async () => {
    const source = await pair();
    const target = await pair();
    for (const frame of [bytes('one'), Buffer.alloc(0), pattern(300_000)]) {
      await source.client.send(frame);
      for await (const batch of source.served.batches()) {
        await target.client.sendMany(batch);
        break;
      }
      expect(frame.equals((await target.served.read())!)).toBe(true);
    }
  });

  it('goes behind what was sent before, and is paced as that is', async () => {
    const source = await pair();
    const target = await pair({ highWaterMark: 64 * 1024 });
    await source.client.sendMany(Array.from({ length: 20 }, () => Buffer.alloc(1000, 1)));
    const batch = await batchOf(source.served, 20);
    const first = target.client.send(bytes('first'));
    let waits: Promise<void> | undefined;
    for (let i = 0; i < 200 && !waits; i++) {
      const sent = target.client.sendMany(batch);
      const quick = await Promise.race([sent.then(() => true), new Promise((resolve) => setTimeout(resolve, 50))]);
      if (!quick) waits = sent;
    }
    expect(waits).toBeDefined();
    const { framesSent } = target.client.stats();
    expect(String(await target.served.read())).toBe('first');
    for (let i = 1; i < framesSent; i++) expect((await target.served.read())!.length).toBe(1000);
    await Promise.all([first, waits]);
  });

  it('is refused as a whole when one of its frames does not fit', async () => {
    const source = await pair();
    const target = await pair({ framing: framing.lines() });
    const small = await pair({ framing: framing.lengthPrefix({ maxFrameLength: 10 }) });
    await source.client.sendMany(['good', 'a\nb', 'x'.repeat(11)].map(bytes));
    const batch = await batchOf(source.served, 3);
    await expect(target.client.sendMany(batch)).rejects.toMatchObject({ code: 'ERR_FRAME_INVALID', syscall: 'write' });
    await expect(small.client.sendMany(batch)).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
    for (const { client, served } of [target, small]) {
      expect(client.queued).toBe(0);
      await client.send(bytes('next'));
      expect(String(await served.read())).toBe('next');
      client.destroy();
      await client.closed;
      await expect(client.sendMany(batch)).rejects.toMatchObject({ code: 'EPIPE' });
    }
  });

  it('is refused when its memory was transferred away', async () => {
    const source = await pair();
    const target = await pair();
    await source.client.send(pattern(100_000));
    const batch = await batchOf(source.served, 1);
    const { buffer } = batch.at(0)!;
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    const gone = { code: 'EINVAL', message: expect.stringContaining('gone') };
    await expect(target.client.sendMany(batch)).rejects.toMatchObject(gone);
    expect(() => target.server.broadcast(batch)).toThrow(expect.objectContaining(gone));
    await target.client.send(bytes('next'));
    expect(String(await target.served.read())).toBe('next');
  });
});

describe('framing.custom()', () => {
  const sized = (encoded: unknown[]) =>
    framing.custom<string>({
      decoder: () => (all, start) => (all.length > start ? start + 1 + all[start]! : -1),
      parse: (frame) => String(frame.subarray(1)),
      encode: (value) => {
        encoded.push(value);
        return [Buffer.from([value.length]), Buffer.from(value)];
      },
    });

  it('as one framing on both sides: its frames go as they came, and nothing is encoded', async () => {
    const encoded: unknown[] = [];
    const own = { framing: sized(encoded) };
    const source = await pair(own);
    const target = await pair(own);
    await source.client.sendMany(['a', 'bc', '']);
    encoded.length = 0;
    await target.client.sendMany(await batchOf(source.served, 3));
    for (const text of ['a', 'bc', '']) expect(await target.served.read()).toBe(text);
    expect(encoded).toEqual([]);
  });

  it('as the target alone: each frame is encoded as send() does it', async () => {
    const encoded: unknown[] = [];
    const source = await pair({ framing: framing.lengthPrefix({ as: 'utf8' }) });
    const target = await pair({ framing: sized(encoded) });
    await source.client.sendMany(['a', 'bc']);
    await target.client.sendMany(await batchOf(source.served, 2));
    for (const text of ['a', 'bc']) expect(await target.served.read()).toBe(text);
    expect(encoded).toEqual(['a', 'bc']);
  });

  it('as the source alone: a frame is all of its bytes', async () => {
    const source = await pair({ framing: sized([]) });
    const target = await pair();
    await source.client.sendMany(['a', 'bc']);
    await target.client.sendMany(await batchOf(source.served, 2));
    expect(await target.served.read()).toEqual(Buffer.from([1, 97]));
    expect(await target.served.read()).toEqual(Buffer.from([2, 98, 99]));
  });
});

it('a broadcast forwards a batch, too, encoded once', async () => {
  const source = await pair();
  const server = await serverFor(uniqueName(), { framing: framing.varint() });
  const clients = [];
  for (let i = 0; i < 3; i++) {
    clients.push(await clientFor(server.path, { framing: framing.varint() }));
    await next(server);
  }
  await source.client.sendMany(['a', '', 'c'].map(bytes));
  const batch = await batchOf(source.served, 3);
  const at = vi.spyOn(FrameBatch.prototype, 'at');
  try {
    expect(server.broadcast(batch)).toEqual({ sent: 3, skipped: 0 });
    expect(at).not.toHaveBeenCalled();
  } finally {
    at.mockRestore();
  }
  for (const client of clients) for (const text of ['a', '', 'c']) expect(String(await client.read())).toBe(text);
});
