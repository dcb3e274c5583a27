// How frames lie in a stream of bytes: the public factories, and what the rest of the library needs of them.

import { endianness } from 'node:os';
import { GREATEST_FRAME, LONGEST_DELIMITER } from '../constants.ts';
import { failureToError, invalid } from '../errors.ts';
import { type NativeFraming, native, type RawFailure, type RawFraming } from '../native.ts';
import { checked, type Names } from '../option-names.ts';
import { isUint8Array } from './bytes.ts';
import { type As, BUFFERS, type Conversion, conversionFor, Malformed } from './conversion.ts';
import { type DiscordFrame, discordConversion } from './presets.ts';
import type { Slab } from './slab.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const parts: unique symbol = Symbol('framepipe.framing');

/**
 * How bytes become frames, and frames bytes: made by the functions of {@link framing}, never by hand.
 * T is the type of frames: `Buffer`, unless `as` says otherwise. Frozen; may be used for any number of pipes.
 */
export interface Framing<T = Buffer> {
  /** How frames are told apart. */
  readonly kind: RawFraming['kind'];
  /** The longest frame in bytes, either way. */
  readonly maxFrameLength: number;
  /** @internal */
  readonly [parts]: Parts<T>;
}

interface Parts<T> {
  readonly raw: RawFraming;
  readonly native: NativeFraming;
  readonly conversion: Conversion<T>;
}

/** The options that all framings take. */
export interface FramingOptions {
  /**
   * The longest frame in bytes, without header and delimiter: 1 … 1 GiB. Default: 16 MiB. A longer one that arrives is an
   * `ERR_FRAME_TOO_LARGE` before memory is taken for it; one that is sent is refused, and nothing of it is written.
   */
  maxFrameLength?: number | undefined;
}

/** For {@link Framings.lengthPrefix}. */
export interface LengthPrefixOptions extends FramingOptions {
  /** Width of the length field. Default: 4. */
  bytes?: 1 | 2 | 3 | 4 | 8 | undefined;
  /** Order of its bytes. Default: `'little'`. */
  endian?: 'little' | 'big' | undefined;
  /** Bytes of header before the length field: 0 … 255. Default: 0. Sent as zeros, unless `keepHeader`. */
  offset?: number | undefined;
  /**
   * Added to the length field to get the frame's length (what follows the field): −4 when a field of 4 bytes counts
   * itself. Default: 0.
   */
  adjustment?: number | undefined;
  /**
   * Frames carry their header (`offset` bytes and the length field) both ways, and `send` writes the right
   * length in place of the given one. Default: `false`.
   */
  keepHeader?: boolean | undefined;
}

/** Makes a framing. The type of its frames follows from `as`: `Buffer` by default, any JSON value, or strings. */
export interface FramingFactory<Options> {
  (options?: Options & { as?: 'buffer' | undefined }): Framing<Buffer>;
  <T = unknown>(options: Options & { as: 'json' }): Framing<T>;
  (options: Options & { as: BufferEncoding }): Framing<string>;
}

/** Of {@link framing}. Every one throws a PipeError `EINVAL` that names the invalid option. */
export interface Framings {
  /**
   * A length field of 1, 2, 3, 4 or 8 bytes before each frame, in a header of fixed size: the default is a 32-bit
   * little-endian length. Like Netty's `LengthFieldBasedFrameDecoder` and tokio's `LengthDelimitedCodec`, except that
   * `maxFrameLength` always means the frame, after `adjustment`.
   */
  readonly lengthPrefix: FramingFactory<LengthPrefixOptions>;
  /**
   * A base-128 varint before each frame, as in protobuf's `writeDelimitedTo` and `parseDelimitedFrom`
   * (https://protobuf.dev/programming-guides/encoding/#varints).
   */
  readonly varint: FramingFactory<FramingOptions>;
  /**
   * The delimiter (1 … 256 bytes; a string stands for its UTF-8) after each frame. Sending a frame that contains it
   * rejects with `ERR_FRAME_INVALID`.
   */
  readonly delimited: {
    (delimiter: string | Uint8Array, options?: FramingOptions & { as?: 'buffer' | undefined }): Framing<Buffer>;
    <T = unknown>(delimiter: string | Uint8Array, options: FramingOptions & { as: 'json' }): Framing<T>;
    (delimiter: string | Uint8Array, options: FramingOptions & { as: BufferEncoding }): Framing<string>;
  };
  /**
   * Lines that end in LF or CR LF; LF is sent. With `as: 'json'` this is NDJSON. A line that is not ended when the
   * peer closes is an `ERR_FRAME_TRUNCATED`.
   */
  readonly lines: FramingFactory<FramingOptions>;
  /**
   * Header lines before each frame, one of them `Content-Length`: LSP, DAP, JSON-RPC as in `vscode-jsonrpc`
   * (https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#baseProtocol).
   * Other header lines are skipped; a header may take 8 KiB.
   */
  readonly contentLength: FramingFactory<FramingOptions>;
  /**
   * The operating system keeps the boundaries, of empty messages as well: a Windows pipe in message mode, a
   * `SOCK_SEQPACKET` socket on Linux. Both sides must agree. Pipes only: a {@link FrameDecoder} cannot know where a
   * message ends. An empty message is an empty frame; go-winio's `CloseWrite` sends one to say that no more will come.
   */
  readonly message: FramingFactory<FramingOptions>;
  /**
   * No framing: bytes as they come, at most `maxFrameLength` of them at once; `send` takes any length.
   * `as` is `'buffer'` or an encoding that may be cut anywhere: a character of UTF-8 may arrive in two parts.
   */
  readonly raw: {
    (options?: FramingOptions & { as?: 'buffer' | undefined }): Framing<Buffer>;
    (options: FramingOptions & { as: 'latin1' | 'binary' | 'ascii' | 'hex' }): Framing<string>;
  };
  /**
   * `StreamString` of Microsoft's sample: a 16-bit big-endian length in bytes, then UTF-16LE
   * (https://learn.microsoft.com/dotnet/standard/io/how-to-use-named-pipes-for-network-interprocess-communication).
   * Compatible on the wire, but a string of more than 32,767 UTF-16 units, which the sample cuts off, is refused. A lone
   * surrogate that arrives becomes U+FFFD, as in .NET; one that is sent is refused. With `as: 'json'`, frames are JSON in such a string.
   */
  readonly streamString: {
    (options?: FramingOptions & { as?: 'utf16le' | undefined }): Framing<string>;
    <T = unknown>(options: FramingOptions & { as: 'json' }): Framing<T>;
    (options: FramingOptions & { as: 'buffer' }): Framing<Buffer>;
  };
  /**
   * Discord's local RPC (`\\.\pipe\discord-ipc-0`): opcode and length, 32 bits each, little-endian, then JSON
   * (https://github.com/discord/discord-rpc/blob/master/documentation/hard-mode.md). Frames are
   * `{ opcode, data }`; with `as: 'buffer'`, `data` is a Buffer.
   */
  readonly discord: {
    <T = unknown>(options?: FramingOptions & { as?: 'json' | undefined }): Framing<DiscordFrame<T>>;
    (options: FramingOptions & { as: 'buffer' }): Framing<DiscordFrame<Buffer>>;
  };
  /**
   * Native messaging of Chrome, Edge and Firefox: a 32-bit length in the machine's own byte order, then JSON
   * (https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging). `maxFrameLength` is 64 MiB, the most
   * that the browser may send; it accepts no more than 1 MiB itself.
   */
  readonly chromeNativeMessaging: {
    <T = unknown>(options?: FramingOptions & { as?: 'json' | undefined }): Framing<T>;
    (options: FramingOptions & { as: 'buffer' }): Framing<Buffer>;
    (options: FramingOptions & { as: BufferEncoding }): Framing<string>;
  };
  /**
   * The ssh-agent protocol (`\\.\pipe\openssh-ssh-agent`, `$SSH_AUTH_SOCK`): a 32-bit big-endian length, then the
   * message's type and contents (https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent). `maxFrameLength` is
   * 256 KiB, as in OpenSSH.
   */
  readonly sshAgent: (options?: FramingOptions) => Framing<Buffer>;
}

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

function make(
  how: Omit<RawFraming, 'maxFrameLength'>,
  conversion: Conversion<unknown>,
  options: FramingOptions,
  limit = 16 * MIB,
): Framing<unknown> {
  const maxFrameLength = integer('maxFrameLength', options.maxFrameLength ?? limit, 1, GREATEST_FRAME);
  if ((how.adjustment ?? 0) > maxFrameLength) {
    throw invalid('adjustment', how.adjustment, `at most maxFrameLength (${maxFrameLength})`);
  }
  const raw = Object.freeze({ ...how, maxFrameLength });
  const made = native.framing(raw);
  if (Array.isArray(made)) throw failureToError(made as RawFailure);
  const inner: Parts<unknown> = Object.freeze({ raw, native: made as NativeFraming, conversion });
  return Object.freeze({ kind: raw.kind, maxFrameLength, [parts]: inner });
}

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
  return make(
    {
      kind: 'lengthPrefix',
      lengthBytes: bytes,
      bigEndian: endian === 'big',
      offset: integer('offset', offset, 0, 255),
      adjustment: integer('adjustment', adjustment, -(2 ** 31), 2 ** 31 - 1),
      keepHeader,
    },
    conversionFor(as),
    options,
  );
}

function delimited(delimiter: string | Uint8Array, options: Options = {}): Framing<unknown> {
  const { as = 'buffer' } = checked('framing.delimited', options, OPTIONS);
  const bytes = typeof delimiter === 'string' ? Buffer.from(delimiter) : delimiter;
  if (!isUint8Array(bytes) || bytes.length < 1 || bytes.length > LONGEST_DELIMITER) {
    throw invalid('delimiter', delimiter, `a string or Uint8Array of 1 to ${LONGEST_DELIMITER} bytes`);
  }
  return make({ kind: 'delimited', delimiter: Uint8Array.from(bytes) }, conversionFor(as), options);
}

function lines(options: Options = {}): Framing<unknown> {
  const { as = 'buffer' } = checked('framing.lines', options, OPTIONS);
  const raw = { kind: 'delimited', delimiter: Uint8Array.of(0x0a), trimCr: true } as const;
  return make(raw, conversionFor(as), options);
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

function integer(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(name, value, `a whole number of bytes from ${least} to ${most}`);
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
  message: plain('message'),
  raw,
  streamString,
  discord,
  chromeNativeMessaging,
  sshAgent,
} satisfies { [Name in keyof Framings]: (...options: never[]) => unknown }) as unknown as Framings;

/** What native code was told of it. Throws when it was not made by {@link framing}. @internal */
export function rawFraming(framing: Framing<unknown>): RawFraming {
  return partsOf(framing).raw;
}

/** What native code takes it by. Throws as {@link rawFraming} does. @internal */
export function nativeFraming(framing: Framing<unknown>): NativeFraming {
  return partsOf(framing).native;
}

/** Whether frames are bytes as they come, which a stream can take. @internal */
export function isBytes(framing: Framing<unknown>): boolean {
  const { raw, conversion } = partsOf(framing);
  return raw.kind === 'raw' && conversion === BUFFERS;
}

function partsOf<T>(framing: Framing<T>): Parts<T> {
  const found = (framing as Framing<T> | undefined)?.[parts];
  if (!found) throw invalid('framing', framing, 'one that framing.lengthPrefix(), framing.lines(), … made');
  return found;
}

/**
 * The frame at `slab[begin…end)`; what native code found. Throws `ERR_FRAME_INVALID` when it is not what `as` says, with the
 * pipe and where the frame begins in the stream. @internal
 */
export function toFrame<T>(
  framing: Framing<T>,
  slab: Slab,
  begin: number,
  end: number,
  path: string | undefined,
  position: number,
): T {
  try {
    return framing[parts].conversion.toFrame(slab, begin, end);
  } catch (error) {
    throw error instanceof Malformed ? error.toError(path, position) : error;
  }
}

/** A frame's bytes: those that were given, or what `as` makes of the value. Throws `ERR_INVALID_ARG_TYPE`. @internal */
export function fromFrame<T>(framing: Framing<T>, value: T | Uint8Array): Uint8Array {
  return isUint8Array(value) ? value : framing[parts].conversion.toBytes(value);
}
