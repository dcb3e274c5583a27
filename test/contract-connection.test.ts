// What a PipeConnection does. Beside this: connection.test.ts, message.test.ts, duplex.test.ts, impersonation*.test.ts,
// contract-backpressure.test.ts, lifecycle.test.ts (ref and unref, in processes of their own).
import { fork, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { framing, type PipeConnection } from '../lib/index.ts';
import { clientFor, next, pair, pattern, readAll, serverFor, uniqueName, until } from './support/pipes.ts';

const text = { framing: framing.lengthPrefix({ as: 'utf8' }) } as const;

describe('available', () => {
  it('counts what has arrived and was not consumed, and says that the pipe is empty', async () => {
    const { client, served } = await pair();
    expect(served.available).toBe(0);
    await client.sendMany([Buffer.alloc(10), Buffer.alloc(20)]);
    await until(() => served.available > 0, 'it arrives');
    await until(() => served.stats().framesReceived === 2, 'both arrive');
    const all = served.available;
    expect(all).toBeGreaterThanOrEqual(30); // headers count, too
    await served.read();
    await served.read();
    expect(served.available).toBe(0);
    expect(served.stats().available).toBe(0);
  });
});

describe('a conversation', () => {
  // The loop is held for each next word: nothing else may be kept waiting by that.
  it('leaves timers, immediates and files their turn', async () => {
    const name = uniqueName();
    const child = fork(fileURLToPath(new URL('support/echo-child.js', import.meta.url)), [name], { silent: true });
    onTestFinished(() => void child.kill());
    await once(child.stdout!, 'data');
    const client = await clientFor(name);
    let over = false;
    let words = 0;
    const talking = (async () => {
      for (; !over; words++) {
        await client.send(Buffer.from('word'));
        await client.read();
      }
    })();
    await until(() => words > 100, 'they talk');
    for (let i = 0; i < 20; i++) {
      await pause(1);
      await new Promise(setImmediate);
      await readFile(fileURLToPath(import.meta.url));
    }
    over = true;
    await talking;
    expect(words).toBeGreaterThan(100);
    await client.close();
  });
});

describe('the end', () => {
  it('comes behind what was sent before destroy, when that had been drained', async () => {
    const { client, served } = await pair(text);
    await client.send('delivered');
    const draining = client.waitForDrain();
    await until(() => served.available > 0, 'it arrives');
    await draining;
    client.destroy();
    expect(await served.read()).toBe('delivered');
    expect(await served.read()).toBeNull();
  });

  it('lets a slow reader have all that was sent before close', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 });
    for (let i = 0; i < 64; i++) client.send(pattern(16_384, i)).catch(() => {});
    const closing = client.close({ timeout: 15_000 });
    for (let i = 0; i < 64; i++) {
      if (i % 8 === 0) await pause(5);
      expect((await served.read())!.equals(pattern(16_384, i))).toBe(true);
    }
    expect(await served.read()).toBeNull();
    await closing;
  });

  it('is one end, though both sides make it, 500 times', async () => {
    const server = await serverFor(uniqueName());
    for (let i = 0; i < 500; i++) {
      const client = await clientFor(server.path);
      const served = await next(server);
      if (i % 2) client.send(Buffer.alloc(i)).catch(() => {});
      if (i % 3) served.send(Buffer.alloc(i)).catch(() => {});
      const ends = [
        i % 5 ? client.close() : client.destroy(),
        i % 7 ? served.close() : served.destroy(),
        client.close().catch(() => {}),
      ];
      await Promise.all(ends);
      await Promise.all([client.closed.catch(() => {}), served.closed.catch(() => {})]);
    }
    expect(server.connections).toBe(0);
  });
});

describe('order', () => {
  it('is kept by a million tiny frames', { timeout: 60_000 }, async () => {
    const { client, served } = await pair();
    const total = 1_000_000;
    const frame = Buffer.alloc(4);
    const sending = (async () => {
      for (let i = 0; i < total; i++) {
        frame.writeUInt32LE(i);
        const sent = client.send(frame);
        if (i % 1000 === 0) await sent;
      }
      await client.close();
    })();
    let expected = 0;
    for await (const batch of served.batches()) {
      for (const got of batch) if (got.readUInt32LE() !== expected++) expect.fail(`frame ${expected - 1} is missing`);
    }
    expect(expected).toBe(total);
    await sending;
  });

  it('is kept both ways at once, by 128 MiB each, byte for byte', { timeout: 60_000 }, async () => {
    const { client, served } = await pair({ framing: framing.lengthPrefix({ maxFrameLength: 1 << 20 }) });
    const frames = Array.from({ length: 8 }, (_, i) => pattern((1 << 20) - i, i));
    const pump = async (from: PipeConnection) => {
      const sum = createHash('sha1');
      for (let i = 0; i < 128; i++) {
        sum.update(frames[i % 8]!);
        await from.send(frames[i % 8]!);
      }
      return sum.digest('hex');
    };
    const drain = async (to: PipeConnection) => {
      const sum = createHash('sha1');
      for (let i = 0; i < 128; i++) sum.update((await to.read())!);
      return sum.digest('hex');
    };
    const [there, back, gotThere, gotBack] = await Promise.all([
      pump(client),
      pump(served),
      drain(served),
      drain(client),
    ]);
    expect([gotThere, gotBack]).toEqual([there, back]);
  });
});

describe('raw bytes', () => {
  it('come in chunks no longer than maxFrameLength, and merge', async () => {
    const { client, served } = await pair(
      { framing: framing.raw({ maxFrameLength: 128 }) },
      { framing: framing.raw() },
    );
    const sent = pattern(10_000);
    for (let at = 0; at < sent.length; at += 999) await client.send(sent.subarray(at, at + 999));
    await client.close();
    const chunks = await readAll(served);
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(128);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });
});

describe('what a connection says of itself', () => {
  it('is an id of its own, the path, and the peer, also after the end', async () => {
    const { client, served, server } = await pair();
    const other = await pair();
    expect(new Set([client, served, other.client, other.served].map(({ id }) => id)).size).toBe(4);
    expect([client.path, served.path]).toEqual([server.path, server.path]);
    client.destroy();
    await served.closed;
    expect(served.peer.pid).toBe(process.pid);
    expect(served.path).toBe(server.path);
    expect(Object.isFrozen(served.peer)).toBe(true);
  });
});

describe('ref and unref', () => {
  const run = (script: string) => {
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script, uniqueName()], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
      timeout: 15_000,
    });
    return { status, stdout };
  };
  const both = `import { connect, listen } from 'framepipe';
    const server = await listen(process.argv[1]);
    const client = await connect(process.argv[1]);`;

  it('let the process end, or not: the last one called counts', () => {
    const ended = `${both} server.ref().unref(); client.unref().ref().unref(); process.on('exit', () => console.log('ended'));
      for await (const served of server) served.unref();`;
    expect(run(ended)).toEqual({ status: 13, stdout: 'ended\n' }); // 13: an await that nothing can settle any more
    const kept = `${both} server.unref().ref(); client.unref();
      setTimeout(() => { console.log('still here'); process.exit(0); }, 200).unref();`;
    expect(run(kept)).toEqual({ status: 0, stdout: 'still here\n' });
  });
});
