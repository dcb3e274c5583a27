// batches({ reuse: true }): each batch is lent until the next one is asked for.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type FrameBatch, framing, type PipeConnection } from '../lib/index.ts';
import { type Pair, pair, pattern, until } from './support/pipes.ts';

const LONG = 100_000; // such a frame has a slab to itself

const over = {
  name: 'PipeError',
  code: 'EINVAL',
  message: expect.stringContaining('lends each batch until the next one is asked for'),
};

async function nextOf<T>(batches: AsyncIterator<FrameBatch<T>>): Promise<FrameBatch<T>> {
  const { value, done } = await batches.next();
  expect(done).not.toBe(true);
  return value;
}

/** Sends one frame and waits until it has arrived. */
async function arrives({ client, served }: Pair<Buffer>, frame: Buffer): Promise<void> {
  const before = served.available;
  await client.send(frame);
  await until(() => served.available >= before + frame.length, 'it has arrived');
}

describe('a batch that is lent', () => {
  it('is whole until the next one is asked for, and then over', async () => {
    const both = await pair();
    const batches = both.served.batches({ reuse: true });
    await arrives(both, pattern(LONG, 1));
    const first = await nextOf(batches);
    expect([first.length, first.byteLength]).toEqual([1, LONG]);
    expect(pattern(LONG, 1).equals(first.at(0)!)).toBe(true);
    const frames = first[Symbol.iterator]();
    frames.next();
    const asked = batches.next();
    expect([first.length, first.byteLength]).toEqual([0, 0]);
    expect(() => first.at(0)).toThrow(expect.objectContaining(over));
    expect(() => [...first]).toThrow(expect.objectContaining(over));
    await both.client.send(pattern(LONG, 2));
    expect(pattern(LONG, 2).equals((await asked).value.at(0)!)).toBe(true);
    await expect(both.client.sendMany(first)).rejects.toMatchObject(over);
    expect(() => both.server.broadcast(first)).toThrow(expect.objectContaining(over));
  });

  it('in the middle of an iteration ends that with an error, not silently', async () => {
    const both = await pair();
    await both.client.sendMany([pattern(100), pattern(100), pattern(100)]);
    await until(() => both.served.available >= 300, 'all are there');
    const batches = both.served.batches({ reuse: true });
    const batch = await nextOf(batches);
    expect(batch.length).toBe(3);
    expect(() => {
      for (const _ of batch) void batches.next();
    }).toThrow(expect.objectContaining(over));
  });

  it('has its memory used again, for the same connection: what was taken of it changes', async () => {
    const both = await pair();
    const batches = both.served.batches({ reuse: true });
    const memories = new Set<ArrayBufferLike>();
    const taken: Buffer[] = [];
    let changed = 0;
    for (let i = 0; i < 200; i++) {
      await arrives(both, Buffer.alloc(LONG, i));
      const batch = await nextOf(batches);
      const frame = batch.at(0)!;
      expect(frame.equals(Buffer.alloc(LONG, i))).toBe(true);
      if (taken.some((buffer) => buffer[0] === (i & 255))) changed++;
      if (taken.push(frame) > 3) taken.shift();
      memories.add(frame.buffer);
    }
    expect(memories.size).toBeLessThan(20);
    expect(changed).toBeGreaterThan(100);
  });

  it('is over at the end, too', async () => {
    const { client, served } = await pair();
    await client.send(pattern(LONG));
    await client.close();
    let last: FrameBatch<Buffer> | undefined;
    for await (const batch of served.batches({ reuse: true })) last = batch;
    expect(last!.length).toBe(0);
  });

  it('stays as it is when the loop is left with it', async () => {
    const both = await pair();
    const frames = Array.from({ length: 20 }, (_, i) => pattern(LONG, i));
    await arrives(both, frames[0]!);
    let kept: FrameBatch<Buffer> | undefined;
    for await (const batch of both.served.batches({ reuse: true })) {
      kept = batch;
      break;
    }
    const again = both.served.batches({ reuse: true });
    for (const frame of frames.slice(1)) {
      await arrives(both, frame);
      expect(frame.equals((await nextOf(again)).at(0)!)).toBe(true);
    }
    expect(frames[0]!.equals(kept!.at(0)!)).toBe(true);
  });

  it('may be forwarded: it is copied at once', async () => {
    const source = await pair();
    const target = await pair({ highWaterMark: 64 * 1024 * 1024 });
    const frames = Array.from({ length: 60 }, (_, i) => Buffer.alloc(60_000 + i * 1000, i));
    const sending = source.client.sendMany(frames);
    let received = 0;
    for await (const batch of source.served.batches({ reuse: true })) {
      void target.client.sendMany(batch);
      received += batch.length;
      if (received === frames.length) break;
    }
    await sending;
    for (const frame of frames) expect(frame.equals((await target.served.read())!)).toBe(true);
  });
});

describe('memory that is used again', () => {
  it('is none that frames of read(), for await and batches() are in', async () => {
    const both = await pair();
    const { served } = both;
    const kept: { frame: Buffer; was: Buffer }[] = [];
    const sent: Buffer[] = [];
    let next = 0;
    const check = (frame: Buffer) => expect(sent[next++]!.equals(frame)).toBe(true);
    const keep = (frame: Buffer) => {
      check(frame);
      kept.push({ frame, was: Buffer.from(frame) });
    };
    const reused = served.batches({ reuse: true });
    for (let i = 0; i < 120; i++) {
      const two = [pattern(30_000 + 100 * i, i), pattern(40_000, i + 1)];
      sent.push(...two);
      await both.client.sendMany(two);
      await until(() => served.available >= 70_000, 'both have arrived');
      // One of them read by itself, and the rest lent; both lent; and neither.
      if (i % 4 === 0) keep((await served.read())!);
      if (i % 4 === 1)
        for await (const frame of served) {
          keep(frame);
          break;
        }
      while (next < sent.length)
        if (i % 4 === 2) for (const frame of await nextOf(served.batches())) keep(frame);
        else for (const frame of await nextOf(reused)) check(frame);
    }
    expect(kept.length).toBeGreaterThan(100);
    for (const { frame, was } of kept) expect(frame.equals(was)).toBe(true);
  });

  it('is none of another connection', async () => {
    const [a, b] = [await pair(), await pair()];
    const batches = a.served.batches({ reuse: true });
    const memories = new Set<ArrayBufferLike>();
    for (let i = 0; i < 10; i++) {
      await arrives(a, pattern(LONG, i));
      memories.add((await nextOf(batches)).at(0)!.buffer);
    }
    void batches.next();
    for (let i = 0; i < 20; i++) {
      await arrives(b, pattern(LONG, i));
      expect(memories.has((await b.served.read())!.buffer)).toBe(false);
    }
  });

  it('is lent to two iterations, each its own', async () => {
    const both = await pair();
    const [one, two] = [both.served.batches({ reuse: true }), both.served.batches({ reuse: true })];
    for (let i = 0; i < 50; i++) {
      await arrives(both, pattern(LONG, 2 * i));
      const first = await nextOf(one);
      await arrives(both, pattern(LONG + 1, 2 * i + 1));
      const second = await nextOf(two);
      expect(pattern(LONG, 2 * i).equals(first.at(0)!)).toBe(true);
      expect(pattern(LONG + 1, 2 * i + 1).equals(second.at(0)!)).toBe(true);
    }
  });

  it('cannot be transferred away', async () => {
    const both = await pair();
    const batches = both.served.batches({ reuse: true });
    await arrives(both, pattern(LONG, 1));
    const { buffer } = (await nextOf(batches)).at(0)!;
    const asked = batches.next();
    try {
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    } catch {} // Node 20 clones it
    expect(buffer.byteLength).toBeGreaterThanOrEqual(LONG);
    await both.client.send(pattern(LONG, 2));
    expect(pattern(LONG, 2).equals((await asked).value.at(0)!)).toBe(true);
  });

  it('that was transferred while it was lent is not used again', async () => {
    const both = await pair();
    const batches = both.served.batches({ reuse: true });
    for (let i = 0; i < 20; i++) {
      await arrives(both, pattern(LONG, i));
      const frame = (await nextOf(batches)).at(0)!;
      expect(pattern(LONG, i).equals(frame)).toBe(true);
      structuredClone(frame.buffer, { transfer: [frame.buffer as ArrayBuffer] });
    }
  });

  it('is given back though the connection has ended meanwhile', async () => {
    const both = await pair();
    const batches = both.served.batches({ reuse: true });
    await arrives(both, pattern(LONG, 1));
    const batch = await nextOf(batches);
    both.client.destroy();
    await both.served.closed.catch(() => {});
    expect(pattern(LONG, 1).equals(batch.at(0)!)).toBe(true);
    expect(await batches.next()).toEqual({ done: true, value: undefined });
    expect(batch.length).toBe(0);
  });
});

describe.each([
  ['small frames, with others in one slab', framing.lengthPrefix(), 50],
  ['long frames', framing.lengthPrefix(), 70_000],
  ['lines', framing.lines(), 900],
  ['messages', framing.message(), 20_000],
  [
    'framing.custom()',
    framing.custom<Buffer>({
      decoder: () => (all, start) =>
        all.length < start + 4 ? -4 : sized(start + 4 + all.readUInt32LE(start), all.length),
      parse: (frame) => frame.subarray(4),
      encode: (value) => [Buffer.from(Uint32Array.of(value.length).buffer), value],
    }),
    3000,
  ],
] as const)('all arrives: %s', (_, kind, longest) => {
  it('in order, whatever is read how, and kept by nobody', async () => {
    const { client, served } = await pair<Buffer>({ framing: kind, highWaterMark: 300_000 });
    const count = longest > 10_000 ? 300 : 3000;
    const frame = (i: number) => Buffer.alloc(1 + ((i * 7919) % longest), 65 + (i % 26));
    const sending = (async () => {
      for (let i = 0; i < count; i += 10) await client.sendMany(Array.from({ length: 10 }, (_, n) => frame(i + n)));
      await client.close({ timeout: Infinity });
    })();
    await checkAll(served, frame, count);
    await sending;
  });
});

async function checkAll(served: PipeConnection<Buffer>, frame: (i: number) => Buffer, count: number): Promise<void> {
  let next = 0;
  const check = (is: Buffer) => {
    if (!frame(next).equals(is)) expect.fail(`frame ${next} is another one`);
    next++;
  };
  while (next < count) {
    if (next % 7 === 0) check((await served.read())!);
    for await (const batch of served.batches({ reuse: true })) {
      for (let i = 0; i < batch.length; i++) check(batch.at(i)!);
      if (next % 5 === 0) await setImmediate();
      if (next % 3 === 0) break;
    }
  }
  expect(await served.read()).toBeNull();
}

/** What a decoder answers for a frame that ends there. */
function sized(end: number, arrived: number): number {
  return end <= arrived ? end : arrived - end;
}

it('options that are none are refused', async () => {
  const { served } = await pair();
  for (const [options, message] of [
    [null, 'options must be an object'],
    [5, 'options must be an object'],
    [{ reuse: 1 }, 'reuse must be'],
    [{ reused: true }, 'did you mean "reuse"?'],
  ] as const)
    expect(() => served.batches(options as never)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining(message) }),
    );
  served.batches({ reuse: undefined });
});
