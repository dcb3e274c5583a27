// send and sendMany: the bytes that were given, to whom they were given, all of them or none.
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, framing } from '../lib/index.ts';
import { pair } from './support/pipes.ts';

const bytes = (text: string) => Buffer.from(text);

function detached(length = 8): Uint8Array {
  const array = new Uint8Array(new ArrayBuffer(length));
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

async function next(connection: { read(): Promise<Buffer | null> }): Promise<string> {
  return String(await connection.read());
}

describe('a detached buffer', () => {
  it('is refused, and what others send in the same turn is theirs', async () => {
    const [a, b] = [await pair(), await pair()];
    const first = a.client.send(bytes('first'));
    const refused = a.client.sendMany([bytes('for a alone, and refused'), detached()]);
    const second = b.client.send(bytes('for b'));
    const third = a.client.send(bytes('second'));
    await expect(refused).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringContaining('detached') });
    await Promise.all([first, second, third]);
    expect(await next(b.served)).toBe('for b');
    expect(await next(a.served)).toBe('first');
    expect(await next(a.served)).toBe('second');
  });

  it('is refused by everything that takes bytes', async () => {
    const { client } = await pair();
    const gone = { code: 'EINVAL', message: expect.stringContaining('detached') };
    await expect(client.send(detached())).rejects.toMatchObject(gone);
    await expect(client.send(detached(100_000))).rejects.toMatchObject(gone);
    expect(() => encodeFrame(framing.lengthPrefix(), detached())).toThrow(expect.objectContaining(gone));
    expect(() => new FrameDecoder(framing.lengthPrefix()).push(detached())).toThrow(expect.objectContaining(gone));
  });

  it('is not one that is empty', async () => {
    const { client, served } = await pair();
    await client.sendMany([new Uint8Array(0), Buffer.alloc(0), new Uint8Array(new ArrayBuffer(0))]);
    for (let i = 0; i < 3; i++) expect(await next(served)).toBe('');
  });

  it('is noticed when the iterable itself transfers what it has given', async () => {
    const { client, served } = await pair();
    const given = new Uint8Array(new ArrayBuffer(4)).fill(7);
    const array = [given, given];
    Object.defineProperty(array, 1, {
      get() {
        structuredClone(given.buffer, { transfer: [given.buffer] });
        return bytes('x');
      },
    });
    await expect(client.sendMany(array)).rejects.toMatchObject({ code: 'EINVAL' });
    await client.send(bytes('next'));
    expect(await next(served)).toBe('next');
  });
});

describe('sendMany of an iterable', () => {
  it.each([4, 5000])('copies %d bytes as they are yielded', async (length) => {
    const { client, served } = await pair();
    const scratch = Buffer.alloc(length);
    await client.sendMany(
      (function* () {
        for (let i = 0; i < 5; i++) yield scratch.fill(i);
      })(),
    );
    for (let i = 0; i < 5; i++) expect(await served.read()).toEqual(Buffer.alloc(length, i));
  });

  it('sends nothing when it throws, and closes it when a frame is refused', async () => {
    const { client, served } = await pair();
    let closed = 0;
    const frames = function* (last: unknown) {
      try {
        yield bytes('one');
        if (last instanceof Error) throw last;
        yield last as Buffer;
      } finally {
        closed++;
      }
    };
    const own = new Error('own');
    await expect(client.sendMany(frames(own))).rejects.toBe(own);
    await expect(client.sendMany(frames('text'))).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(closed).toBe(2);
    await client.send(bytes('next'));
    expect(await next(served)).toBe('next');
  });

  it('may send from within, on this connection and on others', async () => {
    const [a, b] = [await pair(), await pair()];
    const sent: Promise<void>[] = [];
    await a.client.sendMany(
      (function* () {
        yield bytes('1');
        sent.push(b.client.send(bytes('for b')), a.client.sendMany([bytes('within')]));
        yield bytes('2');
      })(),
    );
    await Promise.all(sent);
    expect(await next(b.served)).toBe('for b');
    expect([await next(a.served), await next(a.served), await next(a.served)]).toEqual(['within', '1', '2']);
  });

  it.each([5, null, undefined, {}])('refuses %j, and says what it wants', async (frames) => {
    const { client } = await pair();
    await expect(client.sendMany(frames as never)).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('an iterable of frames'),
    });
  });

  it('that shrinks under way sends what is left of it', async () => {
    const json = { framing: framing.lengthPrefix({ as: 'json' }) };
    const { client, served } = await pair<unknown>(json);
    const frames: unknown[] = Array.from({ length: 5000 }, (_, i) => i);
    frames[4000] = {
      toJSON() {
        frames.length = 4500;
        return 4000;
      },
    };
    await client.sendMany(frames);
    await client.send('end');
    let count = 0;
    while ((await served.read()) !== 'end') count++;
    expect(count).toBe(4500);
  });
});

describe('the length of a frame', () => {
  it('is that of its bytes, whatever its properties say', async () => {
    const { client, served } = await pair();
    const lying = bytes('truth');
    Object.defineProperty(lying, 'length', { value: 60_000 });
    Object.defineProperty(lying, 'byteLength', { value: 1 });
    await client.send(lying);
    await client.sendMany([lying, bytes('next')]);
    expect([await next(served), await next(served), await next(served)]).toEqual(['truth', 'truth', 'next']);
  });

  it('may change while others are looked at', async () => {
    const { client, served } = await pair();
    // Node 20 has them; TypeScript's es2023 does not know them.
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void };
    const growing = new Resizable(4, { maxByteLength: 100_000 });
    const array = [new Uint8Array(growing), bytes('x')];
    Object.defineProperty(array, 1, {
      get() {
        growing.resize(90_000);
        return bytes('x');
      },
    });
    await client.sendMany(array);
    expect((await served.read())!.length).toBe(90_000);
    expect(await next(served)).toBe('x');
  });
});
