// The functions that make framings.
import { endianness } from 'node:os';
import { GREATEST_FRAME, LONGEST_DELIMITER, MOST_DELIMITERS } from '../constants.ts';
import { invalid } from '../errors.ts';
import type { RawFraming } from '../native.ts';
import { checked, type Names } from '../option-names.ts';
import { isUint8Array } from './bytes.ts';
import { type As, conversionFor } from './conversion.ts';
import { custom } from './custom.ts';
import { type Framing, type FramingOptions, integer, limitOf, make } from './framing.ts';
import type { Framings, LengthPrefixOptions, LinesOptions } from './framings.ts';
import { discordConversion } from './presets.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

type Options = FramingOptions & { as?: As | undefined };

const ALONE: Names<FramingOptions> = { maxFrameLength: true };
const OPTIONS: Names<Options> = { ...ALONE, as: true };
const LENGTH_PREFIX: Names<LengthPrefixOptions & Options> = {
  ...OPTIONS,
  bytes: true,
  endian: true,
  offset: true,
  adjustment: true,
  keepHeader: true,
};

const LINES: Names<LinesOptions & Options> = { ...OPTIONS, lastLine: true };

type GivenDelimiter = string | Uint8Array;

/** A framing without options of its own. */
const plain =
  (kind: RawFraming['kind']) =>
  (options: Options = {}) => {
    const { as = 'buffer' } = checked(`framing.${kind}`, options, OPTIONS);
    return make({ kind }, conversionFor(as), options);
  };

function lengthPrefix(options: LengthPrefixOptions & Options = {}): Framing<unknown> {
  checked('framing.lengthPrefix', options, LENGTH_PREFIX);
  const { bytes = 4, endian = 'little', offset = 0, adjustment = 0, keepHeader = false, as = 'buffer' } = options;
  if (![1, 2, 3, 4, 8].includes(bytes)) throw invalid('bytes', bytes, '1, 2, 3, 4 or 8');
  if (endian !== 'little' && endian !== 'big') throw invalid('endian', endian, "'little' or 'big'");
  if (typeof keepHeader !== 'boolean') throw invalid('keepHeader', keepHeader, 'true or false');
  if (keepHeader && as !== 'buffer')
    throw invalid('as', as, "'buffer' with keepHeader, since frames begin with a header");
  const most = limitOf(options);
  const added = integer('adjustment', adjustment, -(2 ** 31), 2 ** 31 - 1);
  if (added > most) throw invalid('adjustment', adjustment, `at most maxFrameLength (${most})`);
  return make(
    {
      kind: 'lengthPrefix',
      lengthBytes: bytes,
      bigEndian: endian === 'big',
      offset: integer('offset', offset, 0, 255),
      adjustment: added,
      keepHeader,
    },
    conversionFor(as),
    options,
  );
}

function delimited(delimiter: GivenDelimiter | readonly GivenDelimiter[], options: Options = {}): Framing<unknown> {
  const { as = 'buffer' } = checked('framing.delimited', options, OPTIONS);
  const given: readonly GivenDelimiter[] = Array.isArray(delimiter) ? [...delimiter] : [delimiter as GivenDelimiter];
  if (given.length < 1 || given.length > MOST_DELIMITERS) {
    throw invalid('delimiter', delimiter, `one, or an array of 1 to ${MOST_DELIMITERS}`);
  }
  const [first, ...more] = given.map(bytesOfDelimiter);
  return make(
    { kind: 'delimited', delimiter: first!, moreDelimiters: unlike(first!, more) },
    conversionFor(as),
    options,
  );
}

function bytesOfDelimiter(delimiter: GivenDelimiter): Uint8Array {
  const bytes = typeof delimiter === 'string' ? Buffer.from(delimiter) : delimiter;
  if (isUint8Array(bytes) && bytes.length >= 1 && bytes.length <= LONGEST_DELIMITER) return Uint8Array.from(bytes);
  throw invalid('delimiter', delimiter, `a string or Uint8Array of 1 to ${LONGEST_DELIMITER} bytes`);
}

/** Throws when one would never be found, for another ends within it. */
function unlike(first: Uint8Array, more: readonly Uint8Array[]): readonly Uint8Array[] {
  const texts = [first, ...more].map((bytes) => Buffer.from(bytes).toString('latin1'));
  texts.forEach((text, i) => {
    const hidden = texts.some((other, j) => i !== j && (text === other || text.slice(0, -1).includes(other)));
    if (hidden)
      throw invalid('delimiter', Buffer.from(text, 'latin1'), 'one in which no other ends before its own end');
  });
  return Object.freeze(more);
}

function lines(options: LinesOptions & Options = {}): Framing<unknown> {
  const { as = 'buffer', lastLine = 'error' } = checked('framing.lines', options, LINES);
  if (lastLine !== 'error' && lastLine !== 'frame') throw invalid('lastLine', lastLine, "'error' or 'frame'");
  const raw = {
    kind: 'delimited',
    delimiter: Uint8Array.of(0x0a),
    trimCr: true,
    lastFrame: lastLine === 'frame',
  } as const;
  return make(raw, conversionFor(as), options);
}

function fixed(bytes: number, options: Options = {}): Framing<unknown> {
  const { as = 'buffer' } = checked('framing.fixed', options, OPTIONS);
  const frameBytes = integer('bytes', bytes, 1, GREATEST_FRAME);
  if (limitOf(options, bytes) < bytes) {
    throw invalid('maxFrameLength', options.maxFrameLength, `at least as long as each frame is (${bytes} bytes)`);
  }
  return make({ kind: 'fixed', frameBytes }, conversionFor(as), options, bytes);
}

function raw(options: Options = {}): Framing<unknown> {
  const { as = 'buffer' } = checked('framing.raw', options, OPTIONS);
  const whole = ['buffer', 'latin1', 'binary', 'ascii', 'hex'].includes(as);
  if (!whole)
    throw invalid('as', as, "'buffer', 'latin1', 'binary', 'ascii' or 'hex' for raw(): chunks may end anywhere");
  return make({ kind: 'raw' }, conversionFor(as), options);
}

function streamString(options: Options = {}): Framing<unknown> {
  const { as = 'utf16le' } = checked('framing.streamString', options, OPTIONS);
  if (!['utf16le', 'json', 'buffer'].includes(as)) {
    throw invalid('as', as, "'utf16le', 'json' or 'buffer' for streamString(), whose text is UTF-16LE");
  }
  const raw = { kind: 'lengthPrefix', lengthBytes: 2, bigEndian: true, unit: 2 } as const;
  return make(raw, conversionFor(as, 'utf16le'), options, 0xfffe);
}

function discord(options: Options = {}): Framing<unknown> {
  const { as = 'json' } = checked('framing.discord', options, OPTIONS);
  if (as !== 'json' && as !== 'buffer') throw invalid('as', as, "'json' or 'buffer' for discord()");
  const raw = { kind: 'lengthPrefix', lengthBytes: 4, offset: 4, keepHeader: true } as const;
  return make(raw, discordConversion(conversionFor(as)), options);
}

function chromeNativeMessaging(options: Options = {}): Framing<unknown> {
  const { as = 'json' } = checked('framing.chromeNativeMessaging', options, OPTIONS);
  const raw = { kind: 'lengthPrefix', lengthBytes: 4, bigEndian: endianness() === 'BE' } as const;
  return make(raw, conversionFor(as), options, 64 * MIB);
}

function sshAgent(options: FramingOptions = {}): Framing<unknown> {
  checked('framing.sshAgent', options, ALONE);
  return make({ kind: 'lengthPrefix', lengthBytes: 4, bigEndian: true }, conversionFor('buffer'), options, 256 * KIB);
}

/**
 * How frames lie on the wire; the same on both sides of a pipe. A malformed frame rejects with
 * `ERR_FRAME_INVALID`, one that is too long with `ERR_FRAME_TOO_LARGE`, an end inside a frame with `ERR_FRAME_TRUNCATED`.
 *
 * ```ts
 * framing.lengthPrefix()                                    // Framing<Buffer>
 * framing.lines({ as: 'utf8' })                             // Framing<string>
 * framing.contentLength<Message>({ as: 'json' })            // Framing<Message>
 * framing.lengthPrefix({ bytes: 2, endian: 'big', adjustment: -2 }) // a length that counts itself
 * ```
 */
export const framing: Framings = Object.freeze({
  lengthPrefix,
  varint: plain('varint'),
  delimited,
  lines,
  contentLength: plain('contentLength'),
  fixed,
  netstring: plain('netstring'),
  custom,
  message: plain('message'),
  raw,
  streamString,
  discord,
  chromeNativeMessaging,
  sshAgent,
} satisfies { [Name in keyof Framings]: (...options: never[]) => unknown }) as unknown as Framings;
