// Reading, in ways that one would rather not.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { framing, type PipeConnection } from '../lib/index.ts';
import { pair, readAll } from './support/pipes.ts';

const text = { framing: framing.lengthPrefix({ as: 'utf8' }) } as const;

describe('reading', () => {
  it('loses nothing in 10,000 aborts at random moments', { timeout: 60_000 }, async () => {
    const { client, served } = await pair(text);
    let random = 12_345;
    const chance = (n: number) => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      return (random >>> 16) % n === 0;
    };
    let sent = 0;
    let got = 0;
    for (let aborts = 0; aborts < 10_000; ) {
      if (sent > 20_000) expect.fail('hardly any read was aborted');
      if (chance(3)) client.send(`${sent++}`);
      const controller = new AbortController();
      const reading = served.read({ signal: controller.signal });
      if (chance(20)) await pause(0);
      else if (chance(3)) await Promise.resolve();
      controller.abort();
      const frame = await reading.catch((error) => expect(error).toHaveProperty('name', 'AbortError'));
      if (typeof frame === 'string') expect(frame).toBe(`${got++}`);
      else aborts++;
    }
    await client.close();
    expect(await readAll(served)).toEqual(Array.from({ length: sent - got }, (_, i) => `${got + i}`));
  });

  it('may begin again within what a read led to', async () => {
    const { client, served } = await pair(text);
    const order: string[] = [];
    const again = async (): Promise<void> => {
      const frame = await served.read();
      if (frame === null) return;
      order.push(frame);
      await Promise.all([again(), order.length < 50 ? client.send(`${order.length}`) : client.close()]);
    };
    await client.send('0');
    await again();
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
  });

  it('may be ended from within: by closing, by destroying', async () => {
    for (const end of [
      (pipe: PipeConnection<string>) => pipe.close(),
      (pipe: PipeConnection<string>) => pipe.destroy(),
    ]) {
      const { client, served } = await pair(text);
      await client.sendMany(['a', 'b', 'c']);
      const got: string[] = [];
      for await (const frame of served) {
        got.push(frame);
        await end(served);
      }
      expect(got).toEqual(['a']);
      await served.closed;
      await client.closed;
    }
  });

  it('by single reads, loops and batches at the same time gives each frame once, in order', async () => {
    const { client, served } = await pair(text);
    const got: string[] = [];
    const readers = [
      (async () => {
        for await (const frame of served) got.push(frame);
      })(),
      (async () => {
        for await (const batch of served.batches()) got.push(...batch);
      })(),
      (async () => {
        for (;;) {
          const frame = await served.read();
          if (frame === null) return;
          got.push(frame);
        }
      })(),
    ];
    const sent = Array.from({ length: 500 }, (_, i) => `${i}`);
    for (const [i, frame] of sent.entries()) {
      await client.send(frame);
      if (i % 7 === 0) await pause(0);
    }
    await client.close();
    await Promise.all(readers);
    expect(got.toSorted((a, b) => Number(a) - Number(b))).toEqual(sent);
  });
});
