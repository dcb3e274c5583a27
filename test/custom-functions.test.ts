// framing.custom(): whatever the user's functions do, it is one frame's or one connection's fault, and nobody else's.
import { describe, expect, it, vi } from 'vitest';
import { type CustomDecoder, encodeFrame, FrameDecoder, framing } from '../lib/index.ts';
import { pair, readAll, until } from './support/pipes.ts';

const raw = { framing: framing.raw() as never };
const each: CustomDecoder = (_bytes, start) => start + 1;
const bytes = (frame: Buffer) => frame;

/** Errors that cannot be read. */
const unreadable: [string, unknown][] = [
  ['whose message throws', Object.defineProperty(new Error(), 'message', { get: () => expect.unreachable() })],
  ['whose message is a symbol', Object.assign(new Error(), { message: Symbol('no') })],
  [
    'that is a proxy whose traps throw',
    new Proxy(new Error('no'), {
      get: () => expect.unreachable(),
      getPrototypeOf: () => expect.unreachable(),
    }),
  ],
];

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

describe('an error', () => {
  it.each(unreadable)('%s is the connection’s, of decoder()', async (_name, error) => {
    const kind = framing.custom({ decoder: () => throwing(error), encode: bytes });
    const { client, served } = await pair({ framing: kind }, raw);
    await client.send(Buffer.from('ab'));
    const refused = { code: 'ERR_FRAME_INVALID', message: expect.stringContaining('decoder() threw: ') };
    await expect(served.read()).rejects.toMatchObject(refused);
    expect(() => new FrameDecoder(kind).push(Buffer.from('ab'))).toThrow(expect.objectContaining(refused));
  });

  it.each(unreadable)('%s is the frame’s, of parse() and encode()', async (_name, error) => {
    let fails = true;
    const parse = (frame: Buffer) => (fails ? throwing(error)() : String(frame));
    const kind = framing.custom<string>({ decoder: () => each, parse, encode: throwing(error) });
    const { client, served } = await pair({ framing: kind }, raw);
    await client.send(Buffer.from('ab'));
    const refused = { code: 'ERR_FRAME_INVALID', message: expect.stringContaining('parse() threw: ') };
    await expect(served.read()).rejects.toMatchObject(refused);
    fails = false;
    expect(await served.read()).toBe('b');
    await expect(served.send('x')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(() => encodeFrame(kind, 'x')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });

  it('that is text or nothing is told', () => {
    const why = (error: unknown) => {
      const kind = framing.custom({ decoder: throwing(error), encode: bytes });
      return expect(() => new FrameDecoder(kind).push(Buffer.of(1)));
    };
    why('no magic').toThrow('decoder() threw: no magic (1 bytes');
    why(null).toThrow('decoder() threw: null (1 bytes');
    why(undefined).toThrow('decoder() threw: undefined (1 bytes');
  });

  it('of a promise that is returned is nobody’s, whatever its catch() is', async () => {
    const late = () => Object.assign(Promise.reject(new Error('late')), { catch: throwing('own') }) as never;
    const kind = framing.custom({ decoder: () => late, encode: bytes });
    const { client, served } = await pair({ framing: kind }, raw);
    await client.send(Buffer.from('a'));
    await expect(served.read()).rejects.toThrow('decoder() returned a promise');
  });
});

describe('a function of a FrameDecoder', () => {
  it.each(['push', 'end'] as const)('may not call its %s()', (call) => {
    for (const from of ['decoder', 'parse']) {
      const act = (name: string) => name === from && decoder[call](Buffer.from('zz'));
      const kind = framing.custom<string>({
        decoder: () => (all, start) => {
          act('decoder');
          return each(all, start);
        },
        parse(frame) {
          act('parse');
          return String(frame);
        },
        encode: Buffer.from,
      });
      const decoder: FrameDecoder<string> = new FrameDecoder(kind);
      expect(() => decoder.push(Buffer.from('ab'))).toThrow(
        expect.objectContaining({ cause: expect.objectContaining({ code: 'EINVAL' }) }),
      );
    }
  });
});

describe('a function of a connection may', () => {
  it.each(['decoder', 'parse'] as const)('read, send and close it: %s', async (from) => {
    const acted = vi.fn<(name: string) => void>();
    const kind = framing.custom<string>({
      decoder: () => (all, start) => {
        acted('decoder');
        return each(all, start);
      },
      parse(frame) {
        acted('parse');
        return String(frame);
      },
      encode: (text) => Buffer.from(text),
    });
    const { client, served } = await pair({ framing: kind }, raw);
    let inner: Promise<string | null> | undefined;
    let acts = true;
    acted.mockImplementation((name) => {
      if (name !== from || !acts) return;
      acts = false;
      inner = served.read();
      void served.send('answer');
    });
    const outer = served.read();
    await client.send(Buffer.from('abc'));
    const read = [await outer, await inner, await served.read()];
    expect(read.sort()).toEqual(['a', 'b', 'c']);
    expect(String(await client.read())).toBe('answer');
    acted.mockImplementation(() => void served.close());
    const last = served.read();
    await client.send(Buffer.from('d'));
    expect(['d', null]).toContain(await last);
    await served.closed;
  });
});

describe('encode', () => {
  const tagged = framing.custom<Buffer>({
    decoder: () => each,
    encode: (frame) => [Buffer.from('<'), frame, Buffer.from('>')],
  });

  it('makes the bytes of all that is sent, however that is done', async () => {
    const { client, served } = await pair({ framing: tagged }, raw);
    const frames = ['a', 'b'].map((text) => Buffer.from(text));
    await served.send(frames[0]!);
    await served.send(frames[1]!, { signal: new AbortController().signal });
    await served.sendMany(frames);
    await served.sendMany(new Set(frames));
    await served.sendMany(frames.values());
    const got = readAll(client);
    await served.close();
    expect(String(Buffer.concat(await got))).toBe('<a><b>'.repeat(4));
  });

  it('may use its memory again for the next one', async () => {
    const memory = Buffer.alloc(1);
    const kind = framing.custom<number>({
      decoder: () => each,
      parse: ([byte]) => byte!,
      encode(value) {
        memory[0] = value;
        return memory;
      },
    });
    const { client, served } = await pair({ framing: kind });
    await served.sendMany([1, 2, 3]);
    await served.sendMany(new Set([4, 5]));
    await Promise.all([served.send(6), served.send(7)]);
    await until(() => client.stats().framesReceived === 7, 'all have come');
    for (let value = 1; value <= 7; value++) expect(await client.read()).toBe(value);
  });

  it('sends the bytes of its parts, whatever these say of themselves', () => {
    class Lying extends Uint8Array {
      override get length(): number {
        return 3000;
      }
    }
    const lying = (encoded: unknown) =>
      String(encodeFrame(framing.custom({ decoder: () => each, encode: () => encoded as never }), Buffer.of(0)));
    expect(lying(Lying.of(65, 66))).toBe('AB');
    expect(lying([Lying.of(65, 66), Buffer.from('C')])).toBe('ABC');
    let asked = 0;
    const changing = Object.defineProperty([0, Buffer.from('b')], 0, {
      get: () => (asked++ ? 'text' : Buffer.from('a')),
    });
    expect(lying(changing)).toBe('ab');
    expect(() => lying(Object.defineProperty([0], 0, { get: throwing(new Error('own')) }))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE', cause: expect.objectContaining({ message: 'own' }) }),
    );
  });
});
