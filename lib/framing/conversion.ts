// What a frame is to JavaScript: its bytes, the text in them, or the JSON in that text.
import { invalid, PipeError, reasonOf } from '../errors.ts';
import type { Slab } from './slab.ts';

/** The type of frames: `'buffer'`, `'json'`, or the text in them, in one of Node's encodings. */
export type As = 'buffer' | 'json' | BufferEncoding;

/** Makes frames of bytes, and bytes of frames. */
export interface Conversion<T> {
  /** The frame at `slab[begin…end)`. A Buffer is a view of it. */
  toFrame(slab: Slab, begin: number, end: number): T;
  /** The bytes of a frame that is not given as bytes already. */
  toBytes(value: T): Uint8Array;
}

/** As they are. */
export const BUFFERS: Conversion<Buffer> = {
  toFrame: (slab, begin, end) => slab.view(begin, end),
  toBytes: (value) => {
    const cure = typeof value === 'string' ? "; to send strings, make the framing with { as: 'utf8' }" : '';
    throw wrongType(value, 'a Uint8Array', cure);
  },
};

/** `text`: the encoding that `'json'` is written in, and the only one when the framing prescribes it. */
export function conversionFor(as: As, text: BufferEncoding = 'utf8'): Conversion<unknown> {
  if (as === 'buffer') return BUFFERS as Conversion<unknown>;
  if (as === 'json') return json(textIn(text));
  if (typeof as === 'string' && Buffer.isEncoding(as)) return textIn(as) as Conversion<unknown>;
  throw invalid('as', as, "'buffer', 'json' or an encoding that Buffer knows ('utf8', 'utf16le', 'latin1', …)");
}

function textIn(encoding: BufferEncoding): Conversion<string> {
  const name = encoding.toLowerCase();
  if (/^(utf-?16le|ucs-?2)$/.test(name)) return UTF_16;
  const lossy = UNENCODABLE[name];
  return {
    toFrame: (slab, begin, end) => textOf(slab, encoding, begin, end),
    toBytes(value) {
      if (typeof value !== 'string') throw wrongType(value, 'a string or a Uint8Array');
      // Buffer.from() would drop what it cannot encode, without a word.
      if (lossy?.test(value)) throw new PipeError('EINVAL', `the frame is a string that ${encoding} cannot express`);
      const bytes = Buffer.from(value, encoding);
      if (!lossy && bytes.length > value.length) requireWellFormed(value, encoding); // else it is ASCII
      return bytes;
    },
  };
}

function textOf(slab: Slab, encoding: BufferEncoding, begin: number, end: number): string {
  try {
    return slab.text(encoding, begin, end);
  } catch (cause) {
    throw new Malformed(end - begin, `more than a string can hold: ${reasonOf(cause)}`, cause);
  }
}

const HEX = /^(?!(?:[0-9a-f]{2})*$)/i;
/** Padding only at the end of a group that needs it, and no group of one: that is not even one byte. */
const BASE_64: Pick<RegExp, 'test'> = {
  test(text) {
    const [, core, padding] = /^([A-Za-z0-9+/_-]*)(={0,2})$/.exec(text) ?? [];
    if (core === undefined || core.length % 4 === 1) return true;
    return padding !== '' && core.length % 4 === 0;
  },
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what matters
const ASCII = /[^\x00-\x7f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what matters
const LATIN_1 = /[^\x00-\xff]/;
const UNENCODABLE: Readonly<Record<string, Pick<RegExp, 'test'> | undefined>> = {
  hex: HEX,
  base64: BASE_64,
  base64url: BASE_64,
  ascii: ASCII,
  latin1: LATIN_1,
  binary: LATIN_1,
};

/** A lone surrogate that arrives becomes U+FFFD, as in .NET's UnicodeEncoding. */
const UTF_16: Conversion<string> = {
  toFrame(slab, begin, end) {
    if ((end - begin) % 2 !== 0) throw new Malformed(end - begin, 'an odd number of bytes is no UTF-16');
    return (textOf(slab, 'utf16le', begin, end) as Unicode).toWellFormed();
  },
  toBytes(value) {
    if (typeof value !== 'string') throw wrongType(value, 'a string or a Uint8Array');
    requireWellFormed(value, 'utf16le');
    return Buffer.from(value, 'utf16le');
  },
};

/** Node has these from 20 on; TypeScript's es2023 does not know them yet. */
type Unicode = string & { isWellFormed(): boolean; toWellFormed(): string };

// Half of a pair has no encoding: Buffer.from() would send U+FFFD in its place.
function requireWellFormed(text: string, encoding: string): void {
  if ((text as Unicode).isWellFormed()) return;
  throw new PipeError(
    'EINVAL',
    `the frame is a string that ${encoding} cannot express: it has half of a surrogate pair, as slice() may leave it; ` +
      'toWellFormed() puts U+FFFD in its place',
  );
}

function json(text: Conversion<string>): Conversion<unknown> {
  return {
    toFrame(slab, begin, end) {
      const source = text.toFrame(slab, begin, end);
      try {
        return JSON.parse(source);
      } catch (cause) {
        throw new Malformed(end - begin, `no JSON: ${(cause as Error).message}`, cause);
      }
    },
    toBytes(value) {
      return text.toBytes(stringify(value));
    },
  };
}

function stringify(value: unknown): string {
  const expected = 'a value that JSON can express';
  let source: string | undefined;
  try {
    source = JSON.stringify(value) as string | undefined;
  } catch (cause) {
    // A cycle, a BigInt, or what a toJSON() threw.
    throw new PipeError('ERR_INVALID_ARG_TYPE', `The frame must be ${expected}: ${reasonOf(cause)}`, { cause });
  }
  if (source === undefined) throw wrongType(value, expected);
  return source;
}

/** Bytes that are no frame, before it is known where they were. */
export class Malformed {
  readonly length: number;
  readonly reason: string;
  readonly cause: unknown;

  constructor(length: number, reason: string, cause?: unknown) {
    this.length = length;
    this.reason = reason;
    this.cause = cause;
  }

  /** The frame began at `position`, in bytes since the stream began. */
  toError(path: string | undefined, position: number): PipeError {
    const where = path === undefined ? '' : ` ${path}`;
    const what = `${this.reason} (${this.length} bytes, at byte ${position} of the stream)`;
    return new PipeError('ERR_FRAME_INVALID', `read ERR_FRAME_INVALID${where}: ${what}`, {
      syscall: 'read',
      path,
      declaredLength: this.length,
      position,
      cause: this.cause,
    });
  }
}

/** In Node's words. */
export function wrongType(value: unknown, expected: string, cure = ''): PipeError {
  const received =
    value === null || value === undefined
      ? String(value)
      : typeof value === 'object'
        ? `an instance of ${classOf(value)}`
        : `type ${typeof value}`;
  return new PipeError('ERR_INVALID_ARG_TYPE', `The frame must be ${expected}. Received ${received}${cure}`);
}

// What the object says may be the user's code.
function classOf(value: object): string {
  try {
    return `${value.constructor?.name ?? 'Object'}`;
  } catch {
    return 'Object';
  }
}
