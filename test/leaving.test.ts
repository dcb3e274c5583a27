// Readers that leave while they wait: they take nothing with them.
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect, framing, listen } from '../lib/index.ts';
import { pair, uniqueName } from './support/pipes.ts';

const text = { framing: framing.lines({ as: 'utf8' }) };

describe('an iterator that is left while next() waits', () => {
  it.each(['frames', 'batches'] as const)('settles it as done, and leaves the %s to others', async (what) => {
    const { client, served } = await pair(text);
    const iterator = what === 'frames' ? served[Symbol.asyncIterator]() : served.batches();
    const waiting = [iterator.next(), iterator.next()];
    expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    await client.send('one');
    expect(await served.read()).toBe('one');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('spares others who wait, and their order', async () => {
    const { client, served } = await pair(text);
    const iterator = served[Symbol.asyncIterator]();
    const [first, left, second] = [served.read(), iterator.next(), served.read()];
    await iterator.return!();
    await client.sendMany(['one', 'two']);
    expect(await first).toBe('one');
    expect(await second).toBe('two');
    expect((await left).done).toBe(true);
  });

  it('by a stream made of it takes no frame', async () => {
    const { client, served } = await pair(text);
    const stream = Readable.from(served);
    stream.on('data', () => {});
    await pause(20);
    stream.destroy();
    await pause(20);
    await client.send('one');
    expect(await served.read()).toBe('one');
  });

  it('takes no client of a server', async () => {
    const name = uniqueName();
    const server = await listen(name, text);
    const iterator = server[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await iterator.return!();
    expect((await waiting).done).toBe(true);
    const client = await connect(name, text);
    const { value } = await server[Symbol.asyncIterator]().next();
    await client.send('served');
    expect(await value!.read()).toBe('served');
    await server.close({ connections: true });
  });
});

describe('many who wait', () => {
  it('are served in order, also when most have been aborted', async () => {
    const { client, served } = await pair(text);
    const reads: Promise<string | null>[] = [];
    const aborted: Promise<unknown>[] = [];
    for (let i = 0; i < 20_000; i++) {
      reads.push(served.read());
      const controller = new AbortController();
      aborted.push(served.read({ signal: controller.signal }).catch((error) => error));
      controller.abort(i);
    }
    await client.sendMany(Array.from({ length: reads.length }, (_, i) => `${i}`));
    expect(await Promise.all(reads)).toEqual(reads.map((_, i) => `${i}`));
    expect(await Promise.all(aborted)).toEqual(aborted.map((_, i) => i));
  });
});

describe('FrameBatch.at', () => {
  it('takes its index as Array.prototype.at does', async () => {
    const { client, served } = await pair(text);
    const frames = ['first', 'second', 'third'];
    await client.sendMany(frames);
    const { value: batch } = await served.batches().next();
    for (const index of [
      0,
      0.5,
      1.9,
      -0.5,
      -1.5,
      2.999,
      3,
      -3,
      -3.5,
      -4,
      NaN,
      Infinity,
      -Infinity,
      '1',
      null,
      undefined,
      {},
    ])
      expect(batch!.at(index as number), String(index)).toBe(frames.at(index as number));
    expect(() => batch!.at(1n as never)).toThrow(TypeError);
    expect(() => batch!.at(Symbol() as never)).toThrow(TypeError);
  });
});

describe('available', () => {
  it('falls with each frame that is read', async () => {
    const { client, served } = await pair({ framing: framing.lengthPrefix() });
    await client.sendMany(Array.from({ length: 10 }, (_, i) => Buffer.alloc(96, i)));
    while (served.available < 1000) await pause(1);
    for (let left = 1000; left > 0; left -= 100) {
      expect(served.available).toBe(left);
      await served.read();
    }
    expect(served.available).toBe(0);
  });
});
