// framing.custom(): a user's function finds the frames, on JavaScript's thread.
import { describe, expect, it } from 'vitest';
import { type CustomDecoder, encodeFrame, FrameDecoder, framing, PipeError } from '../lib/index.ts';
import { clientFor, next, pair, pattern, readAll, serverFor, uniqueName, until } from './support/pipes.ts';

/** A byte that tells how many follow it. */
const counted: CustomDecoder = (bytes, start) => {
  const end = start + 1 + bytes[start]!;
  return end <= bytes.length ? end : bytes.length - end;
};
const encode = (frame: Uint8Array) => [Uint8Array.of(frame.length), frame];
const options = { decoder: () => counted, parse: (frame: Buffer) => frame.subarray(1), encode };
const custom = framing.custom<Buffer>(options);

function caught(run: () => unknown): PipeError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(PipeError);
    return error as PipeError;
  }
  throw new Error('nothing was thrown');
}

/** With a function that returns this. */
const returning = (result: unknown) =>
  framing.custom({ decoder: () => () => result as number, encode: (frame: Buffer) => frame });

describe('what the function says', () => {
  it('cuts a stream the same, however it arrives', () => {
    const frames = Array.from({ length: 200 }, (_, i) => pattern(i % 256, i));
    const wire = Buffer.concat(frames.map((frame) => encodeFrame(custom, frame)));
    for (const step of [1, 2, 7, 100, 1000, wire.length]) {
      const decoder = new FrameDecoder(custom);
      const found: Buffer[] = [];
      for (let at = 0; at < wire.length; at += step) found.push(...decoder.push(wire.subarray(at, at + step)));
      expect(decoder.end()).toEqual([]);
      expect(found, `${step} bytes at a time`).toEqual(frames);
    }
  });

  it('is asked again only when as many bytes have come as it said', () => {
    const asked: number[][] = [];
    const decoder = new FrameDecoder(
      framing.custom({
        decoder: () => (bytes, start) => {
          asked.push([start, bytes.length]);
          return counted(bytes, start);
        },
        encode: (frame: Buffer) => frame,
      }),
    );
    for (const byte of Buffer.from('\x05hello\x01x')) decoder.push(Buffer.of(byte));
    expect(asked).toEqual([
      [0, 1],
      [0, 6],
      [0, 1],
      [0, 2],
    ]);
    decoder.push(Buffer.from('\x01a\x02b'));
    expect(asked.slice(4)).toEqual([
      [0, 4],
      [2, 4],
    ]);
  });

  it.each([[0], [7], [Number.NaN], [0.5], [-0.5], [Infinity], [-Infinity], [undefined], [null], ['1'], [1n]])(
    'is ERR_FRAME_INVALID when it is %s',
    (result) => {
      const decoder = new FrameDecoder(returning(result));
      const error = caught(() => decoder.push(Buffer.from('abcdef')));
      expect(error).toMatchObject({ code: 'ERR_FRAME_INVALID', position: 0, syscall: 'read' });
      expect(error.message).toMatch(
        /decoder\(\) returned .*, neither a place from 1 to 6 nor how many bytes are needed/,
      );
      expect(caught(() => decoder.push(Buffer.from('a')))).toBe(error);
      expect(caught(() => decoder.end())).toBe(error);
    },
  );

  it('is ERR_FRAME_INVALID when it is the place where the frame begins, behind good ones', () => {
    const stuck = framing.custom({
      decoder: () => (_bytes, start) => (start === 0 ? 2 : start),
      encode: (frame: Buffer) => frame,
    });
    const decoder = new FrameDecoder(stuck);
    expect(decoder.push(Buffer.from('abcdef')).map(String)).toEqual(['ab']);
    expect(caught(() => decoder.push(Buffer.of(1)))).toMatchObject({ code: 'ERR_FRAME_INVALID', position: 2 });
  });

  it('is ERR_FRAME_INVALID when it is a promise, and a rejection is nobody else’s', () => {
    const rejecting = returning(Promise.reject(new Error('late')));
    const error = caught(() => new FrameDecoder(rejecting).push(Buffer.from('a')));
    expect(error.code).toBe('ERR_FRAME_INVALID');
    expect(error.message).toContain('decoder() returned a promise: it must find frames at once');
  });

  it.each([
    [
      'the function throws',
      () => () => {
        throw new Error('own');
      },
    ],
    [
      'making it throws',
      () => {
        throw new Error('own');
      },
    ],
  ])('is ERR_FRAME_INVALID, with the cause, when %s', (_name, decoder) => {
    const kind = framing.custom({ decoder, encode: (frame: Buffer) => frame });
    const error = caught(() => new FrameDecoder(kind).push(Buffer.from('a')));
    expect(error).toMatchObject({ code: 'ERR_FRAME_INVALID', cause: { message: 'own' } });
    expect(error.message).toContain('decoder() threw: own');
  });

  it('is ERR_FRAME_INVALID when decoder() makes no function', () => {
    const kind = framing.custom({ decoder: (() => 5) as never, encode: (frame: Buffer) => frame });
    expect(caught(() => new FrameDecoder(kind).push(Buffer.of(1))).message).toContain('it returned number');
  });
});

describe('limits', () => {
  const limited = framing.custom<Buffer>({ ...options, maxFrameLength: 5 });

  it('count whole frames, headers included', () => {
    expect(new FrameDecoder(limited).push(Buffer.from('\x04abcd'))).toEqual([Buffer.from('abcd')]);
    const tooLong = { code: 'ERR_FRAME_TOO_LARGE', declaredLength: 6, limit: 5, position: 2 };
    const decoder = new FrameDecoder(limited);
    expect(decoder.push(Buffer.from('\x01a\x05bcdef'))).toEqual([Buffer.from('a')]);
    expect(caught(() => decoder.end())).toMatchObject(tooLong);
    expect(caught(() => encodeFrame(limited, Buffer.from('abcde')))).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
  });

  it('count what is said to be needed, before it has come', () => {
    const decoder = new FrameDecoder(limited);
    expect(decoder.push(Buffer.from('\x01a'))).toHaveLength(1);
    const tooLong = { code: 'ERR_FRAME_TOO_LARGE', declaredLength: 201, limit: 5, position: 2 };
    expect(caught(() => decoder.push(Buffer.of(200)))).toMatchObject(tooLong);
    const unending = new FrameDecoder(framing.custom({ ...options, decoder: () => () => -1, maxFrameLength: 5 }));
    for (const byte of 'abcd') unending.push(Buffer.from(byte));
    expect(caught(() => unending.push(Buffer.from('e')))).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE', position: 0 });
  });

  it('tell what had arrived of a frame that was cut off', () => {
    const decoder = new FrameDecoder(custom);
    decoder.push(Buffer.from('\x01a\x05bc'));
    const truncated = { code: 'ERR_FRAME_TRUNCATED', declaredLength: 6, limit: 3, position: 2 };
    expect(caught(() => decoder.end())).toMatchObject(truncated);
  });
});

describe('parse and encode', () => {
  it('without parse, frames are all of their bytes', () => {
    const whole = framing.custom({ decoder: () => counted, encode: (frame: Buffer) => frame });
    expect(new FrameDecoder(whole).push(Buffer.from('\x01a\x01b')).map(String)).toEqual(['\x01a', '\x01b']);
    expect(encodeFrame(whole, Buffer.from('\x01a')).toString()).toBe('\x01a');
  });

  it('parse that throws costs that frame alone', () => {
    const parse = (frame: Buffer): unknown => JSON.parse(frame.toString('utf8', 1));
    const decoder = new FrameDecoder(framing.custom({ ...options, parse, encode: () => [] }));
    expect(decoder.push(Buffer.from('\x011\x01{\x013'))).toEqual([1]);
    const error = caught(() => decoder.push(Buffer.from('\x014')));
    expect(error).toMatchObject({ code: 'ERR_FRAME_INVALID', position: 2, cause: expect.any(SyntaxError) });
    expect(decoder.push(Buffer.alloc(0))).toEqual([3, 4]);
  });

  it('encode is given all that is sent, bytes as well, and may return parts', () => {
    expect(encodeFrame(custom, Buffer.from('abc')).toString()).toBe('\x03abc');
    const text = framing.custom<string>({
      decoder: () => counted,
      parse: String,
      encode: (value) => new TextEncoder().encode(value),
    });
    expect(encodeFrame(text, 'abc').toString()).toBe('abc');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('own');
      },
      { code: 'ERR_INVALID_ARG_TYPE', cause: { message: 'own' } },
    ],
    ['returns text', () => 'text', { code: 'ERR_INVALID_ARG_TYPE' }],
    ['returns a part that is none', () => [Buffer.of(1), 2], { code: 'ERR_INVALID_ARG_TYPE' }],
    ['returns a promise', async () => Buffer.of(1), { code: 'ERR_INVALID_ARG_TYPE' }],
    ['returns nothing to send', () => [Buffer.alloc(0)], { code: 'ERR_FRAME_INVALID' }],
    ['returns no parts', () => [], { code: 'ERR_FRAME_INVALID' }],
  ])('encode that %s is refused', (_name, wrong, expected) => {
    const kind = framing.custom({ decoder: () => counted, encode: wrong as never });
    expect(caught(() => encodeFrame(kind, Buffer.of(1)))).toMatchObject(expected);
  });

  it.each([
    [{ encode }, /^decoder must be a function/],
    [{ decoder: counted }, /^encode must be a function/],
    [{ ...options, parse: 'json' }, /^parse must be a function/],
    [{ ...options, maxFrameLength: 0 }, /^maxFrameLength must be/],
    [{ ...options, as: 'utf8' }, /^framing.custom has no option "as"/],
    [undefined, /^options must be an object/],
  ])('%j is an EINVAL', (wrong, message) => {
    const error = caught(() => framing.custom(wrong as never));
    expect(error.code).toBe('EINVAL');
    expect(error.message).toMatch(message);
  });
});

describe('on a pipe', () => {
  it('frames arrive as they were sent, both ways, whatever their size and the mark', async () => {
    let made = 0;
    const four: CustomDecoder = (bytes, start) => {
      if (bytes.length - start < 4) return bytes.length - start - 4;
      const end = start + 4 + bytes.readUInt32LE(start);
      return end <= bytes.length ? end : bytes.length - end;
    };
    const kind = framing.custom<Buffer>({
      decoder() {
        made++;
        return four;
      },
      parse: (frame) => frame.subarray(4),
      encode(frame) {
        const header = Buffer.alloc(4);
        header.writeUInt32LE(frame.length);
        return [header, frame];
      },
    });
    const { client, served } = await pair({ framing: kind, highWaterMark: 5000 });
    const frames = [0, 1, 300_000, 5, 5000, 70_000, 0, 1_000_000].map((length, i) => pattern(length, i));
    const [there, back] = [readAll(served), readAll(client)];
    for (const frame of frames) await Promise.all([client.send(frame), served.sendMany([frame, frame])]);
    await Promise.all([client.waitForDrain(), served.waitForDrain()]);
    await until(() => served.stats().framesReceived === frames.length, 'all have come');
    expect(client.stats().framesReceived).toBeLessThanOrEqual(2 * frames.length);
    await client.close();
    const arrived = await there; // compared by equals(): expect() looks at each byte by itself
    expect(arrived.map((frame, i) => frame.equals(frames[i]!))).toEqual(frames.map(() => true));
    await back.catch(() => {});
    expect(made).toBe(2);
  });

  it('what waits in a queue, and what is incomplete, is told', async () => {
    const { client, served } = await pair({ framing: framing.raw() }, { framing: custom });
    await served.send(Buffer.from('\x01a\x02bc\x05de'));
    await until(() => client.stats().framesReceived === 2, 'two frames are complete');
    expect(client.available).toBe(5);
    expect(client.stats()).toMatchObject({ available: 5, incomplete: 3, bytesReceived: 8 });
    expect(await client.read()).toEqual(Buffer.from('a'));
    expect(client.available).toBe(3);
    await served.send(Buffer.from('fgh'));
    await until(() => client.stats().incomplete === 0, 'the third one is complete');
    const [batch] = [await client.batches().next()];
    expect([...batch.value!].map(String)).toEqual(['bc']);
    expect(await client.read()).toEqual(Buffer.from('defgh'));
    expect(client.available).toBe(0);
  });

  it('reading rests at the mark, and goes on', async () => {
    const { client, served } = await pair({ framing: custom, highWaterMark: 1000 });
    const frame = Buffer.alloc(99, 7);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 5000; sent++) await client.send(frame);
    })();
    await until(() => served.stats().paused, 'reading rests');
    expect(served.available).toBeLessThan(256 * 1024);
    let read = 0;
    for await (const batch of served.batches()) if ((read += batch.length) === 5000) break;
    await sending;
    expect(read).toBe(5000);
    expect(served.available).toBe(0);
  });

  it('what breaks the framing ends reading, behind the frames before it; sending goes on', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { framing: framing.custom<Buffer>({ ...options, maxFrameLength: 100 }) });
    const client = await clientFor(name, { framing: framing.raw() });
    const served = await next(server);
    await client.send(Buffer.from('\x01a\xc8b', 'latin1'));
    expect(await served.read()).toEqual(Buffer.from('a'));
    const tooLong = { code: 'ERR_FRAME_TOO_LARGE', declaredLength: 201, limit: 100, position: 2, path: served.path };
    await expect(served.read()).rejects.toMatchObject(tooLong);
    await served.send(Buffer.from('still'));
    expect(String(await client.read())).toBe('\x05still');
    await client.close();
    await expect(served.closed).rejects.toMatchObject(tooLong);
  });

  it('a peer that leaves within a frame is an ERR_FRAME_TRUNCATED', async () => {
    const { client, served } = await pair({ framing: custom }, { framing: framing.raw() as never });
    await client.send(Buffer.from('\x01a\x05b'));
    await client.close();
    expect(await served.read()).toEqual(Buffer.from('a'));
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_FRAME_TRUNCATED', position: 2 });
  });

  it('a function that destroys its connection gets nothing more', async () => {
    const name = uniqueName();
    let asked = 0;
    let destroy = () => {};
    const kind = framing.custom<Buffer>({
      ...options,
      decoder: () => (bytes, start) => {
        asked++;
        destroy();
        return counted(bytes, start);
      },
    });
    const server = await serverFor(name, { framing: kind });
    const client = await clientFor(name, { framing: framing.raw() });
    const served = await next(server);
    destroy = () => served.destroy();
    await client.send(Buffer.from('\x01a'));
    await served.closed;
    expect(await served.read()).toBe(null);
    expect(asked).toBe(1);
  });

  it('a read whose signal parse aborts gets the frame that it was given, and others the next ones', async () => {
    const controller = new AbortController();
    const parse = (frame: Buffer) => {
      controller.abort();
      return frame.subarray(1);
    };
    const { client, served } = await pair({ framing: framing.custom<Buffer>({ ...options, parse }) });
    const [first, second] = [served.read({ signal: controller.signal }), served.read()];
    await client.send(Buffer.from('a'));
    expect(await first).toEqual(Buffer.from('a'));
    await client.send(Buffer.from('b'));
    expect(await second).toEqual(Buffer.from('b'));
  });

  it('frames with a long time between their parts end by frameTimeout, and without a first frame by firstFrameTimeout', async () => {
    const limits = { framing: custom, frameTimeout: 40 };
    const { client, served } = await pair(limits, { framing: framing.raw() as never });
    await client.send(Buffer.from('\x01a\x05b'));
    expect(await served.read()).toEqual(Buffer.from('a'));
    await expect(served.read()).rejects.toMatchObject({ code: 'ETIMEDOUT', option: 'frameTimeout' });

    const first = await pair({ framing: custom, firstFrameTimeout: 40 }, { framing: framing.raw() as never });
    await first.client.send(Buffer.from('\x05b'));
    await expect(first.served.read()).rejects.toMatchObject({ code: 'ETIMEDOUT', option: 'firstFrameTimeout' });
  });

  it('frames are views that nothing changes afterwards', async () => {
    const { client, served } = await pair({ framing: custom });
    const frames = Array.from({ length: 5000 }, (_, i) => pattern(1 + (i % 200), i));
    const reading = readAll(served);
    await client.sendMany(frames);
    await client.close();
    expect(Buffer.concat(await reading).equals(Buffer.concat(frames))).toBe(true);
  });
});
