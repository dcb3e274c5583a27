import { endianness } from 'node:os';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { PipeError } from '../lib/errors.ts';
import { encodeFrame, FrameDecoder } from '../lib/framing/decoder.ts';
import { framing } from '../lib/framing/factories.ts';
import { type Framing, rawFraming, toFrame } from '../lib/framing/framing.ts';
import { Slab } from '../lib/framing/slab.ts';

const wire = <T>(kind: Framing<T>, value: T | Uint8Array) => encodeFrame(kind, value).toString('latin1');
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const back = <T>(kind: Framing<T>, value: T | Uint8Array) => new FrameDecoder(kind).push(encodeFrame(kind, value));

function caught(run: () => unknown): PipeError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(PipeError);
    return error as PipeError;
  }
  throw new Error('nothing was thrown');
}

describe('what goes over the wire', () => {
  const abc = Buffer.from('abc');

  test.each([
    ['a 32-bit little-endian length, by default', framing.lengthPrefix(), '\x03\0\0\0abc'],
    ['1 byte', framing.lengthPrefix({ bytes: 1 }), '\x03abc'],
    ['2 bytes, big-endian', framing.lengthPrefix({ bytes: 2, endian: 'big' }), '\0\x03abc'],
    ['3 bytes', framing.lengthPrefix({ bytes: 3 }), '\x03\0\0abc'],
    ['8 bytes, big-endian', framing.lengthPrefix({ bytes: 8, endian: 'big' }), '\0\0\0\0\0\0\0\x03abc'],
    ['an offset', framing.lengthPrefix({ bytes: 1, offset: 2 }), '\0\0\x03abc'],
    ['a length that counts itself', framing.lengthPrefix({ bytes: 2, adjustment: -2 }), '\x05\0abc'],
    ['varint', framing.varint(), '\x03abc'],
    ['delimited by a string', framing.delimited('€'), 'abc\xe2\x82\xac'],
    ['delimited by bytes', framing.delimited(Uint8Array.of(0, 1)), 'abc\0\x01'],
    ['delimited by several', framing.delimited(['\r\n', '\n']), 'abc\r\n'],
    ['lines', framing.lines(), 'abc\n'],
    ['Content-Length', framing.contentLength(), 'Content-Length: 3\r\n\r\nabc'],
    ['a fixed length', framing.fixed(3), 'abc'],
    ['a netstring', framing.netstring(), '3:abc,'],
    ['messages', framing.message(), 'abc'],
    ['raw', framing.raw(), 'abc'],
    ['ssh-agent', framing.sshAgent(), '\0\0\0\x03abc'],
  ])('%s', (_name, kind, expected) => {
    expect(wire(kind, abc)).toBe(expected);
    if (kind.kind !== 'message') expect(back(kind, abc)).toEqual([abc]);
  });

  test('keepHeader: frames begin with their header, and the length in it is filled in', () => {
    const kind = framing.lengthPrefix({ bytes: 2, endian: 'big', offset: 1, keepHeader: true });
    expect(wire(kind, Buffer.from('x??abc'))).toBe('x\0\x03abc');
    expect(back(kind, Buffer.from('x??abc'))).toEqual([Buffer.from('x\0\x03abc')]);
    expect(caught(() => encodeFrame(kind, Buffer.from('x?')))).toMatchObject({ code: 'ERR_FRAME_INVALID' });
  });

  test('any Uint8Array is a frame', () => {
    const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
    expect(wire(framing.varint(), part)).toBe('\x02\x01\x02');
    expect(wire(framing.varint({ as: 'utf8' }), part)).toBe('\x02\x01\x02');
    expect(wire(framing.varint({ as: 'json' }), part)).toBe('\x02\x01\x02');
  });
});

describe('StreamString of Microsoft’s sample', () => {
  // What the C# sample's WriteString() writes.
  const samples: [string, string][] = [
    ['', '0000'],
    [
      'I am the one true server!',
      '0032 4900 2000 6100 6d00 2000 7400 6800 6500 2000 6f00 6e00 6500 2000 7400 7200 7500 6500 2000 7300 6500 7200 7600 6500 7200 2100',
    ],
    ['Grüße, Κόσμε', '0018 4700 7200 fc00 df00 6500 2c00 2000 9a03 cc03 c303 bc03 b503'],
    ['日本 😀', '000a e565 2c67 2000 3dd8 00de'],
    ['\0', '0002 0000'],
  ];

  test.each(samples)('%j', (text, hex) => {
    const kind = framing.streamString();
    expect(encodeFrame(kind, text)).toEqual(bytes(hex));
    expect(new FrameDecoder(kind).push(bytes(hex))).toEqual([text]);
  });

  test('a lone surrogate that arrives becomes U+FFFD, as .NET’s UnicodeEncoding has it', () => {
    const kind = framing.streamString();
    expect(new FrameDecoder(kind).push(bytes('0004 6100 3dd8'))).toEqual(['a\ufffd']);
  });

  test('a lone surrogate that is sent is refused, with the cure', () => {
    expect(caught(() => encodeFrame(framing.streamString(), 'a\ud83d'))).toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/^the frame is a string that utf16le cannot express: .*toWellFormed/),
    });
    expect(back(framing.streamString({ as: 'json' }), 'a\ud83d')).toEqual(['a\ud83d']); // which JSON writes as \ud83d
  });

  test('32,767 units fit; one more is refused, not cut off', () => {
    const kind = framing.streamString();
    const longest = 'x'.repeat(32767);
    const encoded = encodeFrame(kind, longest);
    expect(encoded.length).toBe(2 + 65534);
    expect(encoded.readUInt16BE(0)).toBe(65534);
    expect(new FrameDecoder(kind).push(encoded)).toEqual([longest]);
    const error = caught(() => encodeFrame(kind, `${longest}x`));
    expect(error).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE', declaredLength: 65536, limit: 65534, syscall: 'write' });
  });

  test('an odd number of bytes is refused both ways', () => {
    expect(caught(() => new FrameDecoder(framing.streamString()).push(bytes('0003 6100 62'))).code).toBe(
      'ERR_FRAME_INVALID',
    );
    expect(caught(() => encodeFrame(framing.streamString(), Buffer.from('abc'))).code).toBe('ERR_FRAME_INVALID');
  });

  test('may carry JSON, or be left as bytes', () => {
    expect(encodeFrame(framing.streamString({ as: 'json' }), [1])).toEqual(bytes('0006 5b00 3100 5d00'));
    expect(back(framing.streamString({ as: 'json' }), { a: 'ü' })).toEqual([{ a: 'ü' }]);
    expect(back(framing.streamString({ as: 'buffer' }), Buffer.from('abcd'))).toEqual([Buffer.from('abcd')]);
  });
});

describe('as', () => {
  test('utf8', () => {
    const kind = framing.lines({ as: 'utf8' });
    expect(wire(kind, 'é')).toBe('\xc3\xa9\n');
    expect(back(kind, 'Grüße')).toEqual(['Grüße']);
  });

  test('utf16le: an odd number of bytes is none', () => {
    for (const as of ['utf16le', 'UCS-2'] as BufferEncoding[]) {
      const kind = framing.varint({ as });
      expect(back(kind, 'aé😀')).toEqual(['aé😀']);
      expect(caught(() => new FrameDecoder(kind).push(Buffer.from('\x03abc'))).code).toBe('ERR_FRAME_INVALID');
    }
  });

  test.each([
    ['hex', '00ff', 'abc', 'zz'],
    ['base64', 'AP8=', 'a b', '€', 'QUJDR', 'QQ==QQ==', 'Q=UJ', '=', 'QUJD='],
    ['base64url', 'AP8', 'a.b', '€', 'QUJDR'],
    ['latin1', 'é', '€', '日'],
    ['ascii', 'e', 'é', '€'],
    ['utf8', 'é😀', 'a\ud83d', '\ude00b', '\ude00\ud83d'],
    ['utf16le', 'é😀', 'a\ud83d', '\ude00b', '\ude00\ud83d'],
  ] as const)('%s: what it cannot express is refused, not dropped', (as, good, ...bad) => {
    const kind = framing.lengthPrefix({ as });
    expect(back(kind, good)).toEqual([good]);
    expect(back(kind, '')).toEqual(['']);
    for (const text of bad) expect(caught(() => encodeFrame(kind, text)).code).toBe('EINVAL');
  });

  test('json', () => {
    const kind = framing.lines({ as: 'json' });
    expect(wire(kind, { a: [1, 'ü'] })).toBe('{"a":[1,"\xc3\xbc"]}\n');
    expect(back(kind, null)).toEqual([null]);
    const error = caught(() => new FrameDecoder(kind).push(Buffer.from('{"a":\n')));
    expect(error).toMatchObject({ code: 'ERR_FRAME_INVALID', declaredLength: 5 });
    expect(error.cause).toBeInstanceOf(SyntaxError);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, () => 0, 1n, cycle]) {
      expect(caught(() => encodeFrame(kind, value)).code).toBe('ERR_INVALID_ARG_TYPE');
    }
    const own = new Error('own');
    const throwing = {
      toJSON() {
        throw own;
      },
    };
    expect(caught(() => encodeFrame(kind, throwing))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', cause: own });
  });

  test('more than a string can hold is ERR_FRAME_INVALID', () => {
    const cause = Object.assign(new Error('Cannot create a string'), { code: 'ERR_STRING_TOO_LONG' });
    // As Buffer's toString() does of more than 512 MiB, after some seconds.
    class Long extends Slab {
      override text(): never {
        throw cause;
      }
    }
    for (const as of ['hex', 'utf16le', 'json'] as const) {
      const kind = framing.varint({ as: as as 'hex' }) as Framing<unknown>;
      const error = caught(() => toFrame(kind, new Long(Buffer.alloc(4)), 0, 4, 'pipe', 7));
      expect(error).toMatchObject({ code: 'ERR_FRAME_INVALID', declaredLength: 4, position: 7, path: 'pipe', cause });
    }
  });

  test('a value of another type is refused, with the cure', () => {
    const error = caught(() => encodeFrame(framing.lengthPrefix(), 'text' as never));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toContain("{ as: 'utf8' }");
    for (const value of [null, undefined, 1, {}, [1], new ArrayBuffer(1), new DataView(new ArrayBuffer(1))]) {
      expect(caught(() => encodeFrame(framing.lengthPrefix(), value as never)).code).toBe('ERR_INVALID_ARG_TYPE');
      expect(caught(() => encodeFrame(framing.lines({ as: 'utf8' }), value as never)).code).toBe(
        'ERR_INVALID_ARG_TYPE',
      );
    }
  });
});

describe('presets', () => {
  test('Discord: opcode, length, JSON', () => {
    const kind = framing.discord<{ v: number }>();
    const hello = { opcode: 0, data: { v: 1 } };
    expect(encodeFrame(kind, hello)).toEqual(Buffer.concat([bytes('00000000 07000000'), Buffer.from('{"v":1}')]));
    expect(back(kind, hello)).toEqual([hello]);
    expect(back(kind, { opcode: 0xffff_ffff, data: { v: 2 } })).toEqual([{ opcode: 0xffff_ffff, data: { v: 2 } }]);
    const raw = framing.discord({ as: 'buffer' });
    expect(back(raw, { opcode: 3, data: Buffer.from('ping') })).toEqual([{ opcode: 3, data: Buffer.from('ping') }]);
    for (const opcode of [-1, 2 ** 32, 0.5, '1' as never]) {
      expect(caught(() => encodeFrame(kind, { opcode, data: { v: 1 } })).message).toMatch(/^opcode /);
    }
    expect(caught(() => encodeFrame(kind, 5 as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(caught(() => new FrameDecoder(kind).push(bytes('01000000 01000000 7b'))).code).toBe('ERR_FRAME_INVALID');
  });

  test('Chrome: a length in the machine’s own order, JSON', () => {
    const kind = framing.chromeNativeMessaging<{ text: string }>();
    const length = endianness() === 'LE' ? '0e000000' : '0000000e';
    expect(encodeFrame(kind, { text: 'hi' }).subarray(0, 4)).toEqual(bytes(length.replace('0e', '0d')));
    expect(back(kind, { text: 'hi' })).toEqual([{ text: 'hi' }]);
    expect(kind.maxFrameLength).toBe(64 << 20);
  });

  test('ssh-agent: OpenSSH’s limit', () => {
    expect(back(framing.sshAgent(), Buffer.of(11))).toEqual([Buffer.of(11)]);
    expect(caught(() => encodeFrame(framing.sshAgent(), Buffer.alloc((256 << 10) + 1))).code).toBe(
      'ERR_FRAME_TOO_LARGE',
    );
  });
});

describe('what is refused', () => {
  test('a frame too long for its own length field', () => {
    const kind = framing.lengthPrefix({ bytes: 1 });
    expect(encodeFrame(kind, Buffer.alloc(255)).length).toBe(256);
    const error = caught(() => encodeFrame(kind, Buffer.alloc(256)));
    expect(error).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE', declaredLength: 256, limit: 255 });
  });

  test('a frame that has not the fixed length', () => {
    const kind = framing.fixed(3, { as: 'utf8' });
    expect(kind.maxFrameLength).toBe(3);
    expect(back(kind, 'abc')).toEqual(['abc']);
    const short = { code: 'ERR_FRAME_INVALID', declaredLength: 2, limit: 3 };
    expect(caught(() => encodeFrame(kind, 'ab'))).toMatchObject(short);
    expect(caught(() => encodeFrame(kind, ''))).toMatchObject({ ...short, declaredLength: 0 });
    expect(caught(() => encodeFrame(kind, 'abcd'))).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE', limit: 3 });
  });

  test('a frame that contains one of several delimiters, or makes another one of the first', () => {
    const kind = framing.delimited(['\n', '\r\n', 'end'], { as: 'utf8' });
    expect(back(kind, 'some\rtext')).toEqual(['some\rtext']);
    for (const text of ['the end', 'a\nb', 'a\r']) {
      expect(caught(() => encodeFrame(kind, text)).code).toBe('ERR_FRAME_INVALID');
    }
  });

  test('a frame that contains its delimiter', () => {
    for (const text of ['a\nb', 'a\r']) {
      expect(caught(() => encodeFrame(framing.lines({ as: 'utf8' }), text)).code).toBe('ERR_FRAME_INVALID');
    }
    expect(caught(() => encodeFrame(framing.delimited('aa'), Buffer.from('ba'))).code).toBe('ERR_FRAME_INVALID');
  });

  const any = framing as unknown as Record<string, (...options: unknown[]) => unknown>;
  test.each([
    ['lengthPrefix', [{ bytes: 5 }], /^bytes must be 1, 2, 3, 4 or 8, not 5/],
    ['lengthPrefix', [{ bytes: '4' }], /^bytes must/],
    ['lengthPrefix', [{ endian: 'middle' }], /^endian must be 'little' or 'big'/],
    ['lengthPrefix', [{ offset: 256 }], /^offset must be .* from 0 to 255/],
    ['lengthPrefix', [{ offset: -1 }], /^offset/],
    ['lengthPrefix', [{ adjustment: 0.5 }], /^adjustment/],
    ['lengthPrefix', [{ adjustment: 2 ** 31 }], /^adjustment/],
    ['lengthPrefix', [{ adjustment: 101, maxFrameLength: 100 }], /^adjustment must be at most maxFrameLength/],
    ['lengthPrefix', [{ keepHeader: 1 }], /^keepHeader/],
    ['lengthPrefix', [{ keepHeader: true, as: 'utf8' }], /^as must be 'buffer' with keepHeader/],
    ['lengthPrefix', [{ maxFrameLength: 0 }], /^maxFrameLength must be .* from 1 to 1073741824/],
    ['varint', [{ maxFrameLength: 2 ** 30 + 1 }], /^maxFrameLength/],
    ['varint', [{ maxFrameLength: Number.NaN }], /^maxFrameLength/],
    ['varint', [{ as: 'utf-7' }], /^as must be/],
    ['varint', [{ as: 8 }], /^as must be/],
    ['delimited', [''], /^delimiter must be/],
    ['delimited', [], /^delimiter must be/],
    ['delimited', [10], /^delimiter must be/],
    ['delimited', ['x'.repeat(257)], /^delimiter must be/],
    ['fixed', [], /^bytes must be .* from 1 to 1073741824, not undefined/],
    ['fixed', [0], /^bytes must be/],
    ['fixed', [2 ** 30 + 1], /^bytes must be/],
    ['fixed', ['8'], /^bytes must be/],
    [
      'fixed',
      [9, { maxFrameLength: 8 }],
      /^maxFrameLength must be at least as long as each frame is \(9 bytes\), not 8/,
    ],
    ['netstring', [{ as: 'utf-7' }], /^as must be/],
    ['delimited', [[]], /^delimiter must be one, or an array of 1 to 16/],
    ['delimited', [Array.from('abcdefghijklmnopq')], /^delimiter must be one, or an array of 1 to 16/],
    ['delimited', [['a', '']], /^delimiter must be a string or Uint8Array/],
    ['delimited', [['end', '\n', 'end of it']], /^delimiter must be one in which no other ends/],
    ['delimited', [['\n', '\n']], /^delimiter must be one in which no other ends/],
    ['delimited', [['abc', 'b']], /^delimiter must be one in which no other ends/],
    ['lines', [{ lastLine: 'ignore' }], /^lastLine must be 'error' or 'frame'/],
    ['raw', [{ as: 'utf8' }], /^as must be .* chunks may end anywhere/],
    ['raw', [{ as: 'json' }], /^as must be/],
    ['streamString', [{ as: 'utf8' }], /^as must be .* UTF-16LE/],
    ['discord', [{ as: 'utf8' }], /^as must be/],
  ])('%s(%j)', (name, options, message) => {
    const error = caught(() => any[name]!(...options));
    expect(error.code).toBe('EINVAL');
    expect(error.message).toMatch(message);
  });

  test('what is no framing', () => {
    for (const value of [undefined, null, {}, 'lines', framing.lines]) {
      expect(caught(() => rawFraming(value as never)).code).toBe('EINVAL');
      expect(caught(() => encodeFrame(value as never, Buffer.alloc(1))).code).toBe('EINVAL');
    }
  });
});

test('a framing cannot be changed afterwards', () => {
  const delimiter = Uint8Array.of(1);
  const kind = framing.delimited(delimiter);
  delimiter[0] = 2;
  expect(wire(kind, Buffer.of(5))).toBe('\x05\x01');
  expect(Object.isFrozen(kind)).toBe(true);
  expect(Object.isFrozen(rawFraming(kind))).toBe(true);
  expect(Object.isFrozen(framing)).toBe(true);
});

test('types follow from `as`', () => {
  interface Message {
    method: string;
  }
  expectTypeOf(framing.lengthPrefix()).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.lengthPrefix({ bytes: 2 })).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.lengthPrefix({ bytes: 2, as: 'utf8' })).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.contentLength<Message>({ as: 'json' })).toEqualTypeOf<Framing<Message>>();
  expectTypeOf(framing.lines({ as: 'json' })).toEqualTypeOf<Framing<unknown>>();
  expectTypeOf(framing.delimited('\0', { as: 'latin1' })).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.streamString()).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.streamString({ as: 'buffer' })).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.discord<Message>()).toEqualTypeOf<Framing<{ opcode: number; data: Message }>>;
  expectTypeOf(framing.chromeNativeMessaging<Message>()).toEqualTypeOf<Framing<Message>>();
  expectTypeOf(new FrameDecoder(framing.lines({ as: 'utf8' })).push(Buffer.alloc(0))).toEqualTypeOf<string[]>();
  // @ts-expect-error: a string is no frame without `as`
  expect(() => encodeFrame(framing.lengthPrefix(), 'text')).toThrow();
});
