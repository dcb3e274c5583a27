import { describe, expect, test } from 'vitest';
import { FRAMINGS } from '../lib/constants.ts';
import { PipeError } from '../lib/errors.ts';
import { encodeFrame, FrameDecoder } from '../lib/framing/decoder.ts';
import { framing } from '../lib/framing/factories.ts';
import { type Framing, rawFraming } from '../lib/framing/framing.ts';
import type { RawFraming } from '../lib/native.ts';

/** What a stream came to: its frames as latin1, then how it ended. */
interface Outcome {
  frames: string[];
  code?: string;
  position?: number;
}

function decode(kind: Framing, pieces: Iterable<Uint8Array>): Outcome {
  const decoder = new FrameDecoder(kind);
  const frames: string[] = [];
  try {
    for (const piece of pieces) for (const frame of decoder.push(piece)) frames.push(frame.toString('latin1'));
    for (const frame of decoder.end()) frames.push(frame.toString('latin1'));
  } catch (error) {
    if (!(error instanceof PipeError)) throw error;
    return { frames, code: error.code, position: error.position! };
  }
  return { frames };
}

/** The same, from the whole stream, as simply as it can be said. */
function reference(raw: RawFraming, wire: Buffer): Outcome {
  const frames: string[] = [];
  let at = 0;
  const ended = (code: string): Outcome => ({ frames, code, position: at });
  const frame = (header: number, length: number, trailer = 0, kept = false): string | undefined => {
    if (length > raw.maxFrameLength) return 'ERR_FRAME_TOO_LARGE';
    if (at + header + length + trailer > wire.length) return 'ERR_FRAME_TRUNCATED';
    frames.push(wire.toString('latin1', at + (kept ? 0 : header), at + header + length));
    at += header + length + trailer;
    return undefined;
  };
  while (at < wire.length) {
    let code: string | undefined;
    if (raw.kind === 'lengthPrefix') {
      const { lengthBytes = 4, offset = 0, adjustment = 0, bigEndian = false } = raw;
      const header = offset + lengthBytes;
      if (at + header > wire.length) return ended('ERR_FRAME_TRUNCATED');
      const field = [...wire.subarray(at + offset, at + header)];
      const length = Number(`0x${Buffer.from(bigEndian ? field : field.reverse()).toString('hex')}`) + adjustment;
      code = length < 0 ? 'ERR_FRAME_INVALID' : frame(header, length, 0, raw.keepHeader);
    } else if (raw.kind === 'varint') {
      const last = wire.subarray(at, at + 10).findIndex((byte) => byte < 0x80);
      if (last < 0 && wire.length - at < 10) return ended('ERR_FRAME_TRUNCATED');
      const groups = [...wire.subarray(at, at + last + 1)].reverse().map((byte) => BigInt(byte & 0x7f));
      const length = groups.reduce((sum, group) => (sum << 7n) | group, 0n);
      code = last < 0 || length >= 1n << 64n ? 'ERR_FRAME_INVALID' : frame(last + 1, Number(length));
    } else if (raw.kind === 'delimited') {
      const all = [raw.delimiter!, ...(raw.moreDelimiters ?? [])];
      const places = all.map((one) => [wire.indexOf(one, at), one.length] as const).filter(([place]) => place >= 0);
      // The earliest end; of those that end together the earliest beginning.
      places.sort(([a, m], [b, n]) => a + m - b - n || a - b);
      const [found, length] = places[0] ?? [-1, 0];
      let end = found < 0 ? wire.length : found;
      if (found < 0) {
        // What a delimiter may yet begin in is not part of the frame.
        const begun = all.map((one) => {
          let held = Math.min(one.length - 1, wire.length - at);
          while (!wire.subarray(wire.length - held).equals(one.subarray(0, held))) held--;
          return held;
        });
        end -= Math.max(...begun);
      }
      const cr = raw.trimCr && end > at && wire[end - 1] === 0x0d ? 1 : 0;
      if (end - cr - at > raw.maxFrameLength) return ended('ERR_FRAME_TOO_LARGE');
      if (found < 0 && raw.lastFrame) {
        const last = wire.at(-1) === 0x0d ? wire.length - 1 : wire.length;
        frames.push(wire.toString('latin1', at, last));
        return { frames };
      }
      if (found < 0) return ended('ERR_FRAME_TRUNCATED');
      code = frame(0, end - cr - at, cr + length);
    } else if (raw.kind === 'fixed') {
      code = frame(0, raw.frameBytes!);
    } else if (raw.kind === 'netstring') {
      // Of an incomplete one, what is there must be the beginning of one.
      const [, digits, colon] = /^(0|[1-9]\d{0,19})?(:)?/.exec(wire.toString('latin1', at, at + 21))!;
      const header = (digits?.length ?? 0) + 1;
      if (!digits || (!colon && at + header <= wire.length)) return ended('ERR_FRAME_INVALID');
      if (!colon) return ended('ERR_FRAME_TRUNCATED');
      const comma = wire[at + header + Number(digits)];
      const bad = Number(digits) <= raw.maxFrameLength && comma !== undefined && comma !== 0x2c;
      code = bad ? 'ERR_FRAME_INVALID' : frame(header, Number(digits), 1);
    } else if (raw.kind === 'contentLength') {
      const end = wire.indexOf('\r\n\r\n', at);
      if (end < 0) return ended('ERR_FRAME_TRUNCATED');
      const length = /^content-length:\s*(\d+)\s*$/im.exec(wire.toString('latin1', at, end))?.[1];
      code = length === undefined ? 'ERR_FRAME_INVALID' : frame(end + 4 - at, Number(length));
    } else {
      throw new Error(`no reference of ${raw.kind}`);
    }
    if (code) return ended(code);
  }
  return { frames };
}

/** Repeatable: a failure names its seed. */
function random(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

function* cut(wire: Buffer, next: () => number): Generator<Buffer> {
  for (let at = 0; at < wire.length; ) {
    const end = Math.min(wire.length, at + next());
    yield wire.subarray(at, end);
    at = end;
  }
}

const kinds: [string, Framing][] = [
  ['lengthPrefix', framing.lengthPrefix()],
  ['lengthPrefix, 1 byte', framing.lengthPrefix({ bytes: 1, maxFrameLength: 200 })],
  ['lengthPrefix, 2 bytes, big', framing.lengthPrefix({ bytes: 2, endian: 'big', maxFrameLength: 3000 })],
  ['lengthPrefix, 3 bytes, offset', framing.lengthPrefix({ bytes: 3, offset: 5 })],
  ['lengthPrefix, 8 bytes, keepHeader', framing.lengthPrefix({ bytes: 8, endian: 'big', offset: 1, keepHeader: true })],
  ['lengthPrefix, counting itself', framing.lengthPrefix({ bytes: 2, adjustment: -2, maxFrameLength: 3000 })],
  ['lengthPrefix, adjusted upwards', framing.lengthPrefix({ bytes: 2, adjustment: 3 })],
  ['varint', framing.varint({ maxFrameLength: 3000 })],
  ['delimited', framing.delimited('ab', { maxFrameLength: 3000 })],
  ['delimited, overlapping', framing.delimited('aabaa')],
  ['delimited by several', framing.delimited(['\n', '\r\n', 'ab', 'ba'], { maxFrameLength: 3000 })],
  ['lines', framing.lines({ maxFrameLength: 3000 })],
  ['lines, the last one without an end', framing.lines({ maxFrameLength: 3000, lastLine: 'frame' })],
  ['contentLength', framing.contentLength({ maxFrameLength: 3000 })],
  ['fixed', framing.fixed(10)],
  ['netstring', framing.netstring({ maxFrameLength: 3000 })],
];

/** Mostly good frames; now and then some that are cut, changed or made up. */
function stream(kind: Framing, next: (limit: number) => number): Buffer {
  const letters = 'ab\r\ncdef';
  const parts: Buffer[] = [];
  for (let count = next(12); count > 0; count--) {
    const length = kind.kind === 'fixed' ? kind.maxFrameLength : next(8) === 0 ? next(4000) : next(30);
    const text = Array.from({ length }, () => letters[next(letters.length)]).join('');
    try {
      parts.push(encodeFrame(kind, Buffer.from(kind.kind === 'lengthPrefix' ? `0123456789${text}` : text)));
    } catch (error) {
      if (!(error instanceof PipeError)) throw error;
    }
  }
  const wire = Buffer.concat(parts);
  if (next(3) === 0) return wire.subarray(0, next(wire.length + 1));
  // A header of many lines may be taken in ways that the reference does not know.
  if (next(3) === 0 && wire.length > 0 && kind.kind !== 'contentLength') wire[next(wire.length)] = next(256);
  return wire;
}

test('each framing whose frames native code finds has a reference', () => {
  const elsewhere = ['raw', 'custom', 'message'];
  const found = Object.keys(FRAMINGS).filter((kind) => !elsewhere.includes(kind));
  expect([...new Set(kinds.map(([, { kind }]) => kind))].sort()).toEqual(found.sort());
});

describe.each(kinds)('%s', (_name, kind) => {
  test('finds what a simple reference finds, however the stream is cut', () => {
    const seen = new Set<string | undefined>();
    for (let seed = 1; seed <= 150; seed++) {
      const next = random(seed);
      const wire = stream(kind, next);
      const expected = reference(rawFraming(kind), wire);
      seen.add(expected.code);
      for (const most of [1, 5, 100, 5000]) {
        expect(
          decode(
            kind,
            cut(wire, () => 1 + next(most)),
          ),
          `seed ${seed}, pieces of up to ${most}`,
        ).toEqual(expected);
      }
    }
    expect(seen).toContain(undefined);
    const lastFrame = (rawFraming(kind) as { lastFrame?: boolean }).lastFrame === true;
    expect(seen.has('ERR_FRAME_TRUNCATED')).toBe(!lastFrame);
  });

  test('does so cut at each byte', () => {
    const third = kind.kind === 'fixed' ? 'abcdefghij' : '0123456789cd';
    const wire = Buffer.concat(['0123456789', '0123456789', third].map((text) => encodeFrame(kind, Buffer.from(text))));
    const expected = reference(rawFraming(kind), wire);
    expect(expected.frames.length).toBe(3);
    for (let at = 0; at <= wire.length; at++) {
      expect(decode(kind, [wire.subarray(0, at), wire.subarray(at)]), `cut at ${at}`).toEqual(expected);
    }
  });
});

describe('frames', () => {
  const kind = framing.lengthPrefix();
  const wire = (...texts: string[]) => Buffer.concat(texts.map((text) => encodeFrame(kind, Buffer.from(text))));

  test('stay as they are, whatever comes later and whatever becomes of the chunk', () => {
    const decoder = new FrameDecoder(kind);
    const kept: Buffer[] = [];
    for (let i = 0; i < 2000; i++) {
      const chunk = wire(`frame ${i}`, 'x'.repeat(i));
      for (const part of [chunk.subarray(0, i % chunk.length), chunk.subarray(i % chunk.length)]) {
        kept.push(...decoder.push(part));
      }
      chunk.fill(0xff);
    }
    expect(kept.length).toBe(4000);
    for (let i = 0; i < 2000; i++) {
      expect(kept[2 * i]!.toString()).toBe(`frame ${i}`);
      expect(kept[2 * i + 1]!.equals(Buffer.alloc(i, 'x'))).toBe(true);
    }
  });

  test('of one call may be changed without touching others', () => {
    const [first, second] = new FrameDecoder(kind).push(wire('aa', 'bb'));
    first!.fill('z');
    expect(second!.toString()).toBe('bb');
  });

  test('of raw framing are the chunks', () => {
    const decoder = new FrameDecoder(framing.raw({ maxFrameLength: 3 }));
    expect(decoder.push(Buffer.alloc(0))).toEqual([]);
    expect(decoder.push(Buffer.from('abcd')).map(String)).toEqual(['abc', 'd']);
    decoder.end();
    expect(new FrameDecoder(framing.raw({ as: 'hex' })).push(Buffer.of(1, 255))).toEqual(['01ff']);
  });

  test('of 64 MiB come in pieces of 1 KiB in linear time', () => {
    const large = framing.lengthPrefix({ maxFrameLength: 64 << 20 });
    const decoder = new FrameDecoder(large);
    const header = Buffer.alloc(4);
    header.writeUInt32LE(64 << 20);
    decoder.push(header);
    const piece = Buffer.alloc(1024, 7);
    let frames: Buffer[] = [];
    for (let i = 0; i < 64 * 1024; i++) frames = decoder.push(piece);
    expect(frames[0]!.equals(Buffer.alloc(64 << 20, 7))).toBe(true);
  });
});

describe('errors', () => {
  const kind = framing.lengthPrefix({ bytes: 1, maxFrameLength: 3 });

  test('do not cost the frames before them, and are final', () => {
    const decoder = new FrameDecoder(kind);
    expect(decoder.push(Buffer.from('\x01a\x02bc\x04d')).map(String)).toEqual(['a', 'bc']);
    const expected = { code: 'ERR_FRAME_TOO_LARGE', declaredLength: 4, limit: 3, position: 5, syscall: 'read' };
    for (let i = 0; i < 2; i++) {
      expect(() => decoder.push(Buffer.from('\x01a'))).toThrow(expect.objectContaining(expected));
      expect(() => decoder.end()).toThrow(expect.objectContaining(expected));
    }
  });

  test('of `as` cost only that frame', () => {
    const decoder = new FrameDecoder(framing.lines({ as: 'json' }));
    expect(decoder.push(Buffer.from('1\n[2]\n{\n3\n'))).toEqual([1, [2]]);
    expect(() => decoder.push(Buffer.from('4\n'))).toThrow(expect.objectContaining({ code: 'ERR_FRAME_INVALID' }));
    expect(decoder.push(Buffer.from('5\n'))).toEqual([3, 4, 5]);
    decoder.end();
  });

  test('tell what had arrived of a frame that was cut off', () => {
    const decoder = new FrameDecoder(framing.lengthPrefix());
    expect(decoder.push(Buffer.from('\x01\0\0\0a\x09\0\0\0bc'))).toHaveLength(1);
    const expected = { code: 'ERR_FRAME_TRUNCATED', declaredLength: 9, limit: 2, position: 5 };
    expect(() => decoder.end()).toThrow(expect.objectContaining(expected));
  });

  test('come before any memory is taken', () => {
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 1000; i++) {
      const decoder = new FrameDecoder(framing.lengthPrefix({ maxFrameLength: 2 ** 30 }));
      decoder.push(Buffer.of(0, 0, 0, 0x40)); // 1 GiB, declared
      expect(() => new FrameDecoder(framing.varint()).push(Buffer.alloc(9, 0xff))).not.toThrow();
      expect(() => decoder.end()).toThrow();
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(256 << 20);
  });

  test('of a last line without an end: it is what it is', () => {
    const decoder = new FrameDecoder(framing.lines({ as: 'json', lastLine: 'frame' }));
    expect(decoder.push(Buffer.from('1\n[2'))).toEqual([1]);
    expect(() => decoder.end()).toThrow(expect.objectContaining({ code: 'ERR_FRAME_INVALID', position: 2 }));
    expect(decoder.end()).toEqual([]);
  });

  test('name what cannot be decoded', () => {
    expect(() => new FrameDecoder(framing.message())).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => new FrameDecoder({} as never)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    const decoder = new FrameDecoder(framing.lines());
    for (const chunk of ['a', null, undefined, [1], new ArrayBuffer(1), new Uint16Array(1)]) {
      expect(() => decoder.push(chunk as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    }
    expect(decoder.push(Buffer.from('still\n')).map(String)).toEqual(['still']);
  });
});
