// framing.message(): the operating system keeps the boundaries.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect, FrameDecoder, framing } from '../lib/index.ts';
import { clientFor, next, pair, pattern, readAll, serverFor, uniqueName, until } from './support/pipes.ts';
import { isWindows } from './support/system.ts';

const message = { framing: framing.message() } as const;
const large = { framing: framing.message({ maxFrameLength: 64 << 20 }) } as const;

describe('messages', () => {
  it('keep their boundaries, both ways, whatever their sizes', async () => {
    const { client, served } = await pair(message);
    const sizes = [1, 2, 127, 128, 4095, 4096, 4097, 8192, 16_384, 1, 60_000];
    for (const [i, size] of sizes.entries()) {
      await client.send(pattern(size, i));
      await served.send(pattern(size, i + 100));
    }
    for (const [i, size] of sizes.entries()) {
      expect((await served.read())!.equals(pattern(size, i))).toBe(true);
      expect((await client.read())!.equals(pattern(size, i + 100))).toBe(true);
    }
  });

  it('that are larger than every buffer arrive whole', async () => {
    const { client, served } = await pair({ ...large, bufferSize: 4096 });
    // On Linux a message must fit the socket's send buffer.
    const sizes = isWindows ? [65_535, 65_536, 65_537, 300_000, 1 << 20, 16 << 20] : [65_535, 65_536, 65_537, 150_000];
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

  it('that are empty are frames, and no end', async () => {
    const { client, served } = await pair(message);
    await client.send(Buffer.from('before'));
    await client.send(Buffer.alloc(0));
    await client.send(Buffer.alloc(0));
    await client.send(Buffer.from('after'));
    await client.close();
    expect((await readAll(served)).map(String)).toEqual(['before', '', '', 'after']);
  });

  it('that are sent together stay apart', async () => {
    const { client, served } = await pair(message);
    const frames = Array.from({ length: 3000 }, (_, i) => Buffer.from('x'.repeat(i % 50) + i));
    const sending = client.sendMany(frames);
    for (const frame of frames) expect(String(await served.read())).toBe(String(frame));
    await sending;
  });

  it('that wait for a slow reader stay apart', async () => {
    const { client, served } = await pair({ ...message, highWaterMark: 10_000 });
    const sending = (async () => {
      for (let i = 0; i < 500; i++) await client.send(pattern(1 + ((i * 37) % 3000), i));
    })();
    await pause(100);
    for (let i = 0; i < 500; i++) expect((await served.read())!.equals(pattern(1 + ((i * 37) % 3000), i))).toBe(true);
    await sending;
  });

  it('come as batches', async () => {
    const { client, served } = await pair(message);
    await client.sendMany([Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc')]);
    await client.close();
    const frames: string[] = [];
    for await (const batch of served.batches()) frames.push(...[...batch].map(String));
    expect(frames).toEqual(['a', '', 'bc']);
  });

  it('may be JSON or text', async () => {
    const { client, served } = await pair({ framing: framing.message<{ n: number }>({ as: 'json' }) });
    await client.send({ n: 1 });
    expect(await served.read()).toEqual({ n: 1 });
    const text = await pair({ framing: framing.message({ as: 'utf8' }) });
    await text.client.send('grüße');
    expect(await text.served.read()).toBe('grüße');
  });

  it('stay readable after the close, and the end comes behind them', async () => {
    const { client, served } = await pair(message);
    await client.send(pattern(20_000));
    await client.send(Buffer.from('last'));
    await client.close();
    await pause(50);
    expect((await served.read())!.length).toBe(20_000);
    expect(String(await served.read())).toBe('last');
    expect(await served.read()).toBeNull();
    await served.closed;
  });
});

describe('a message that is too long', () => {
  it('for the sender is refused, and the next one goes', async () => {
    const { client, served } = await pair({ framing: framing.message({ maxFrameLength: 100 }) });
    await expect(client.send(Buffer.alloc(101))).rejects.toMatchObject({
      code: 'ERR_FRAME_TOO_LARGE',
      declaredLength: 101,
      limit: 100,
    });
    await client.send(Buffer.alloc(100, 1));
    expect((await served.read())!.equals(Buffer.alloc(100, 1))).toBe(true);
  });

  it('for the receiver is an error behind the messages before it', async () => {
    const { client, served } = await pair({ framing: framing.message({ maxFrameLength: 100 }) }, message);
    await client.sendMany([Buffer.from('good'), pattern(5000)]);
    expect(String(await served.read())).toBe('good');
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LARGE', limit: 100 });
  });
});

describe('a message connection', () => {
  it('needs both ends to use messages', async () => {
    const bytes = await serverFor(uniqueName());
    await expect(connect(bytes.path, message)).rejects.toMatchObject({
      name: 'PipeError',
      code: 'EPROTOTYPE',
      syscall: 'connect',
      message: expect.stringContaining('framing.message()'),
    });
    const client = await clientFor(bytes.path); // nothing is broken
    await client.send(Buffer.from('bytes'));
    const served = await next(bytes);
    expect(isWindows ? await next(bytes).then((second) => second.read()) : await served.read()).toEqual(
      Buffer.from('bytes'),
    );
  });

  it('drains, counts and ends like any other', async () => {
    const { client, served } = await pair(message);
    await client.sendMany([Buffer.alloc(10), Buffer.alloc(0), Buffer.alloc(20)]);
    await client.waitForDrain();
    expect(client.stats()).toMatchObject({ bytesSent: 30, framesSent: 3 });
    await until(() => served.stats().framesReceived === 3, 'all have arrived');
    expect(served.available).toBe(30);
    served.destroy();
    expect(await client.read()).toBeNull();
    await client.closed;
  });

  it('of one direction', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { ...message, direction: 'in' });
    const client = await clientFor(name, { ...message, direction: 'out' });
    await client.sendMany([Buffer.from('one'), Buffer.from('two')]);
    const served = await next(server);
    expect(String(await served.read())).toBe('one');
    expect(String(await served.read())).toBe('two');
    await expect(served.send(Buffer.from('x'))).rejects.toMatchObject({ code: 'EPIPE' });
  });
});

describe('a FrameDecoder', () => {
  it('refuses messages, whose boundaries are not in the bytes', () => {
    expect(() => new FrameDecoder(framing.message())).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining('framing.message()') }),
    );
  });
});
