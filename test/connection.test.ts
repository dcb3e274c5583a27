import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { pair, pattern, readAll, until } from './support/pipes.ts';

const text = { framing: framing.lengthPrefix({ as: 'utf8' }) } as const;

describe('frames', () => {
  it('arrive as they were sent, both ways, in order', async () => {
    const { client, served } = await pair(text);
    const sent = ['one', '', 'zwei – ü', 'x'.repeat(100_000)];
    for (const frame of sent) {
      await client.send(frame);
      await served.send(frame.toUpperCase());
    }
    for (const frame of sent) {
      expect(await served.read()).toBe(frame);
      expect(await client.read()).toBe(frame.toUpperCase());
    }
  });

  it('of many sizes keep their bytes', async () => {
    const { client, served } = await pair({ framing: framing.lengthPrefix({ maxFrameLength: 64 << 20 }) });
    const sizes = [0, 1, 3, 4, 4095, 4096, 65_535, 65_536, 65_537, 262_144, 1 << 20, (1 << 20) + 1, 8 << 20, 0, 7];
    const sending = (async () => {
      for (const [i, size] of sizes.entries()) await client.send(pattern(size, i));
    })();
    for (const [i, size] of sizes.entries()) {
      const frame = (await served.read())!;
      expect(frame.length).toBe(size);
      expect(frame.equals(pattern(size, i))).toBe(true);
    }
    await sending;
  });

  it('stay valid after later ones', async () => {
    const { client, served } = await pair();
    const kept: Buffer[] = [];
    for (let i = 0; i < 2000; i++) await client.send(Buffer.alloc(200, i & 255));
    for (let i = 0; i < 2000; i++) kept.push((await served.read())!);
    expect(kept.every((frame, i) => frame.length === 200 && frame.every((byte) => byte === (i & 255)))).toBe(true);
  });

  it('share memory that nobody can transfer away, unless it is one large frame', async () => {
    const [a, b] = [await pair(), await pair()];
    await a.client.send(Buffer.from('of a'));
    await b.client.send(Buffer.from('of b'));
    await until(() => b.served.available > 0, 'both have arrived');
    const frame = (await a.served.read())!;
    const transfer = (bytes: Buffer) => structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
    try {
      transfer(frame); // Node 20 copies what is marked; later versions throw
    } catch {}
    expect(String(frame)).toBe('of a');
    expect(String(await b.served.read())).toBe('of b');
    await a.client.send(Buffer.alloc(100_000, 7));
    const large = (await a.served.read())!;
    expect(transfer(large).length).toBe(100_000);
    expect(large.length).toBe(0);
  });

  it('that nobody reads hold no more memory than they are long', async () => {
    const [silent, busy] = [await pair(), await pair()];
    for (let i = 0; i < 3; i++) await silent.client.send(Buffer.from(`unread ${i}`));
    await until(() => silent.served.available > 30, 'all have arrived');
    expect(String(await silent.served.read())).toBe('unread 0');
    for (let i = 0; i < 40; i++) {
      await busy.client.send(Buffer.alloc(10_000, i));
      await busy.served.read();
    }
    for (let i = 1; i < 3; i++) {
      const frame = (await silent.served.read())!;
      expect(String(frame)).toBe(`unread ${i}`);
      expect(frame.buffer.byteLength).toBeLessThan(100);
    }
  });

  it('that nobody reads stay what they are when they are moved, in any number', async () => {
    const { client, served } = await pair({ framing: framing.lines({ as: 'utf8' }) });
    const other = await pair();
    const count = 3000;
    for (let i = 0; i < count; i++) {
      await client.send(`frame ${i}`);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (i % 300 === 0) {
        await other.client.send(Buffer.alloc(30_000));
        await other.served.read();
      }
      if (i % 1000 === 500) expect(await served.read()).toBe(`frame ${Math.floor(i / 1000)}`);
    }
    const wire = Array.from({ length: count }, (_, i) => `frame ${i}\n`.length);
    const left = (from: number) => wire.slice(from).reduce((sum, bytes) => sum + bytes, 0);
    await until(() => served.available === left(3), 'all have arrived');
    for (let i = 3; i < count; i++) {
      if (i % 100 === 0) expect(served.available).toBe(left(i));
      expect(await served.read()).toBe(`frame ${i}`);
    }
    expect(served.available).toBe(0);
  });

  it('may be any Uint8Array, whose memory is free at once', async () => {
    const { client, served } = await pair();
    const memory = new Uint8Array(100).fill(7);
    const sending = client.send(memory.subarray(10, 20));
    memory.fill(9);
    await sending;
    expect([...(await served.read())!]).toEqual(new Array(10).fill(7));
  });

  it('that are none are refused', async () => {
    const { client } = await pair();
    for (const value of ['text', 42, null, undefined, {}, [1]]) {
      await expect(client.send(value as unknown as Buffer)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
});

describe('sendMany', () => {
  it('sends all with one call', async () => {
    const { client, served } = await pair(text);
    const frames = Array.from({ length: 5000 }, (_, i) => `frame ${i}`);
    await client.sendMany(frames);
    await client.sendMany(new Set(['a', 'b']));
    await client.sendMany([]);
    await client.close();
    expect(await readAll(served)).toEqual([...frames, 'a', 'b']);
  });

  it('sends none when one is refused', async () => {
    const { client, served } = await pair({ framing: framing.lengthPrefix({ maxFrameLength: 10 }) });
    await expect(client.sendMany([Buffer.from('fits'), Buffer.alloc(11)])).rejects.toMatchObject({
      code: 'ERR_FRAME_TOO_LARGE',
    });
    await client.send(Buffer.from('next'));
    expect(String(await served.read())).toBe('next');
  });
});

describe('batches', () => {
  it('give what has arrived, and frames when asked', async () => {
    const { client, served } = await pair(text);
    const frames = Array.from({ length: 1000 }, (_, i) => `${i}`);
    await client.sendMany(frames);
    await client.close();
    const got: string[] = [];
    for await (const batch of served.batches()) {
      expect(batch.length).toBeGreaterThan(0);
      const all = [...batch];
      expect(all).toHaveLength(batch.length);
      expect(batch.at(0)).toBe(all[0]);
      expect(batch.at(-1)).toBe(all.at(-1));
      expect(batch.at(batch.length)).toBeUndefined();
      expect(batch.byteLength).toBe(all.join('').length);
      got.push(...all);
    }
    expect(got).toEqual(frames);
  });

  it('take up where reads left off', async () => {
    const { client, served } = await pair(text);
    await client.sendMany(['a', 'b', 'c', 'd']);
    expect(await served.read()).toBe('a');
    await until(() => served.available > 0, 'the rest has arrived');
    const rest: string[] = [];
    for await (const batch of served.batches()) {
      rest.push(...batch);
      if (rest.length === 3) break;
    }
    expect(rest).toEqual(['b', 'c', 'd']);
  });
});

describe('reading', () => {
  it('leaves what was not consumed when a loop is left', async () => {
    const { client, served } = await pair(text);
    await client.sendMany(['a', 'b', 'c']);
    for await (const frame of served) {
      expect(frame).toBe('a');
      break;
    }
    expect(await served.read()).toBe('b');
    for await (const frame of served) {
      expect(frame).toBe('c');
      break;
    }
  });

  it('serves readers in the order in which they came', async () => {
    const { client, served } = await pair(text);
    const reads = [served.read(), served.read(), served.read()];
    await client.sendMany(['a', 'b']);
    await client.close();
    expect(await Promise.all(reads)).toEqual(['a', 'b', null]);
  });

  it('loses nothing when it is aborted', async () => {
    const { client, served } = await pair(text);
    let sent = 0;
    const got: string[] = [];
    for (let i = 0; i < 500; i++) {
      const controller = new AbortController();
      const reading = served.read({ signal: controller.signal });
      if (i % 2 === 0) client.send(`${sent++}`);
      if (i % 3 === 0) await pause(0);
      controller.abort();
      await reading.then(
        (frame) => got.push(frame!),
        (error) => expect(error.name).toBe('AbortError'),
      );
    }
    await client.close();
    got.push(...(await readAll(served)));
    expect(got).toEqual(Array.from({ length: sent }, (_, i) => `${i}`));
  });

  it('gives null for ever after the end', async () => {
    const { client, served } = await pair();
    await client.close();
    expect(await served.read()).toBeNull();
    expect(await served.read()).toBeNull();
    expect(await readAll(served)).toEqual([]);
    for await (const _ of served.batches()) throw new Error('nothing is left');
  });

  it('tells JSON null from the end in a loop', async () => {
    const { client, served } = await pair({ framing: framing.lengthPrefix({ as: 'json' }) });
    await client.sendMany([null, { a: [1] }, 'x']);
    await client.close();
    expect(await readAll(served)).toEqual([null, { a: [1] }, 'x']);
  });

  it('rejects for a frame that is no JSON, and goes on after it', async () => {
    const { client, served } = await pair({ framing: framing.lengthPrefix({ as: 'json' }) });
    await client.send(Buffer.from('{oops'));
    await client.send({ fine: true });
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_FRAME_INVALID' });
    expect(await served.read()).toEqual({ fine: true });
  });
});

describe('a stream that breaks its framing', () => {
  it('ends with ERR_FRAME_TOO_LARGE, after the frames before it', async () => {
    const { client, served } = await pair(
      { framing: framing.lengthPrefix({ maxFrameLength: 100 }) },
      { framing: framing.lengthPrefix() },
    );
    await client.sendMany([Buffer.from('good'), Buffer.alloc(101)]);
    expect(String(await served.read())).toBe('good');
    await expect(served.read()).rejects.toMatchObject({
      code: 'ERR_FRAME_TOO_LARGE',
      declaredLength: 101,
      limit: 100,
      position: 8,
    });
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
    await served.send(Buffer.from('that was too much')); // the other direction is in order
    expect(String(await client.read())).toBe('that was too much');
  });

  it('ends with ERR_FRAME_TRUNCATED when the peer leaves inside a frame', async () => {
    const { client, served } = await pair({ framing: framing.lengthPrefix() }, { framing: framing.raw() });
    await client.send(Buffer.from([10, 0, 0, 0, 1, 2, 3]));
    await client.close();
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_FRAME_TRUNCATED' });
  });

  it('refuses on the way out what does not fit, and writes nothing of it', async () => {
    const { client, served } = await pair({ framing: framing.streamString() });
    await expect(client.send('x'.repeat(32_768))).rejects.toMatchObject({
      code: 'ERR_FRAME_TOO_LARGE',
      declaredLength: 65_536,
    });
    await client.send('x'.repeat(32_767));
    expect(await served.read()).toBe('x'.repeat(32_767));
  });
});

describe('closing', () => {
  it('lets what was sent be read after the close', async () => {
    const { client, served } = await pair();
    const sending: Promise<void>[] = [];
    for (let i = 0; i < 16; i++) sending.push(client.send(pattern(65_536, i)));
    const closing = client.close();
    await pause(50);
    const frames = await readAll(served);
    expect(frames.length).toBe(16);
    expect(frames.every((frame, i) => frame.equals(pattern(65_536, i)))).toBe(true);
    await closing;
    await Promise.allSettled(sending);
    await served.closed;
  });

  it('gives up after its timeout when the peer does not read', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 });
    for (let i = 0; i < 64; i++) client.send(pattern(100_000)).catch(() => {});
    await expect(client.close({ timeout: 100 })).rejects.toMatchObject({ code: 'ETIMEDOUT', syscall: 'close' });
    await expect(client.closed).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    served.destroy();
  });

  it('twice, or after the end, is the same', async () => {
    const { client, served } = await pair();
    await Promise.all([client.close(), client.close()]);
    await client.close();
    client.destroy();
    await served.closed;
    await served.close();
  });

  it('from both sides at once is no error', async () => {
    for (let i = 0; i < 30; i++) {
      const { client, served, server } = await pair();
      await Promise.all([client.close(), served.close()]);
      await server.close();
    }
  });

  it('works with `await using`', async () => {
    const { client, served } = await pair(text);
    await client.send('bye');
    await client[Symbol.asyncDispose]();
    expect(await served.read()).toBe('bye');
    expect(await served.read()).toBeNull();
  });
});

describe('destroying', () => {
  it('is at once, though the peer never reads', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 });
    const sending = expect(client.send(pattern(8 << 20))).rejects.toMatchObject({ code: 'EPIPE' });
    client.destroy();
    await client.closed;
    await sending;
    await expect(readAll(served)).rejects.toMatchObject({ code: 'ERR_FRAME_TRUNCATED' });
  });
});

describe('a peer that leaves', () => {
  it('settles `closed` and ends the iteration, at once', async () => {
    const { client, served } = await pair();
    const reading = readAll(served);
    client.destroy();
    await served.closed;
    expect(await reading).toEqual([]);
  });

  it('settles `closed` although nobody reads', async () => {
    const { client, served } = await pair();
    await client.send(Buffer.from('unread'));
    await client.close();
    await served.closed;
    expect(String(await served.read())).toBe('unread');
    expect(await served.read()).toBeNull();
  });
});

describe('backpressure', () => {
  it('makes send wait, bounded by the high-water mark, and lets go on when the peer reads', async () => {
    const highWaterMark = 256 * 1024;
    const { client, served } = await pair({ highWaterMark });
    const frame = pattern(16 * 1024);
    let accepted = 0;
    const total = 1000;
    const sending = (async () => {
      for (; accepted < total; accepted++) await client.send(frame);
    })();
    await pause(300);
    const stalled = accepted;
    // What may be under way: both marks, the system's buffers on both sides, one read and one frame.
    expect(stalled * frame.length).toBeLessThan(3 * highWaterMark + (1 << 20));
    expect(served.available).toBeLessThan(highWaterMark + (512 << 10));
    await pause(50);
    expect(accepted).toBe(stalled);
    let got = 0;
    for await (const received of served) {
      expect(received.length).toBe(frame.length);
      if (++got === total) break;
    }
    await sending;
  });

  it('holds for both directions at full load', async () => {
    const { client, served } = await pair();
    const frames = 400;
    const hash = () => createHash('sha1');
    const pump = async (from: typeof client, seed: number) => {
      const sum = hash();
      for (let i = 0; i < frames; i++) {
        const frame = pattern(20_000 + i * 13, seed + i);
        sum.update(frame);
        await from.send(frame);
      }
      return sum.digest('hex');
    };
    const drain = async (to: typeof client) => {
      const sum = hash();
      for (let i = 0; i < frames; i++) sum.update((await to.read())!);
      return sum.digest('hex');
    };
    const [a, b, c, d] = await Promise.all([pump(client, 1), pump(served, 2), drain(served), drain(client)]);
    expect(c).toBe(a);
    expect(d).toBe(b);
  });
});

describe('waitForDrain', () => {
  it('resolves when the peer has read, not before', async () => {
    const { client, served } = await pair({ highWaterMark: 1 << 16 });
    served.send(Buffer.from('x')).catch(() => {});
    // More than the peer reads ahead: the system's buffer keeps the rest.
    const sending = client.send(pattern(300_000)).then(() => client.send(pattern(120_000)));
    await pause(50);
    let drained = false;
    const draining = client.waitForDrain().then(() => {
      drained = true;
    });
    await pause(50);
    const early = drained;
    await served.read();
    await served.read();
    await sending;
    await draining;
    expect(early).toBe(false);
  });
});

describe('stats', () => {
  it('count bytes and frames, also after the end', async () => {
    const { client, served } = await pair();
    await client.sendMany([Buffer.alloc(10), Buffer.alloc(20)]);
    await served.read();
    await served.read();
    await client.close();
    await served.closed;
    expect(client.stats()).toMatchObject({ bytesSent: 38, framesSent: 2, bytesReceived: 0 });
    expect(served.stats()).toMatchObject({ bytesReceived: 38, framesReceived: 2, framesSent: 0, available: 0 });
  });
});
