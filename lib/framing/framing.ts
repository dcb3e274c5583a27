// What a framing is to the rest of the library.
import { GREATEST_FRAME } from '../constants.ts';
import { failureToError, invalid } from '../errors.ts';
import { type NativeFraming, native, type RawFailure, type RawFraming, type RawFramingFields } from '../native.ts';
import { copyOf, isUint8Array } from './bytes.ts';
import { BUFFERS, type Conversion, Malformed } from './conversion.ts';
import type { CustomDecoder } from './custom.ts';
import type { Slab } from './slab.ts';
import { Splitter } from './splitter.ts';

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
  /** Makes what finds frames, where native code does not. Then all that is sent goes through the conversion, bytes as well. */
  readonly decoder: (() => CustomDecoder) | undefined;
}

/** The options that all framings take. */
export interface FramingOptions {
  /**
   * The longest frame in bytes, without header and delimiter: 1 … 1 GiB. Default: 16 MiB. A longer one that arrives is an
   * `ERR_FRAME_TOO_LARGE` before memory is taken for it; one that is sent is refused, and nothing of it is written.
   */
  maxFrameLength?: number | undefined;
}

const DEFAULT_LIMIT = 16 * 1024 * 1024;

/** The longest frame in bytes: what was asked for, or `usual`. Throws `EINVAL`. @internal */
export function limitOf(options: FramingOptions, usual: number = DEFAULT_LIMIT): number {
  return integer('maxFrameLength', options.maxFrameLength ?? usual, 1, GREATEST_FRAME);
}

/** A framing with the options that all take. @internal */
export function make(
  how: RawFramingFields,
  conversion: Conversion<unknown>,
  options: FramingOptions,
  limit?: number,
  decoder?: () => CustomDecoder,
): Framing<unknown> {
  const maxFrameLength = limitOf(options, limit);
  const raw = Object.freeze({ ...how, maxFrameLength });
  const made = native.framing(raw);
  if (Array.isArray(made)) throw failureToError(made as RawFailure);
  const inner: Parts<unknown> = Object.freeze({ raw, native: made as NativeFraming, conversion, decoder });
  return Object.freeze({ kind: raw.kind, maxFrameLength, [parts]: inner });
}

/** In bytes, within these bounds; throws `EINVAL` otherwise. @internal */
export function integer(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(name, value, `a whole number of bytes from ${least} to ${most}`);
}

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

/** What finds frames where native code does not. `path`: the pipe's. @internal */
export function splitterOf(framing: Framing<unknown>, path?: string): Splitter | undefined {
  const { decoder } = partsOf(framing);
  return decoder && new Splitter(decoder, framing.maxFrameLength, path);
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
  return isUint8Array(value) && !encodes(framing) ? value : framing[parts].conversion.toBytes(value as T);
}

/** The same, in memory that the user's code, where it gives more frames, does not use again. @internal */
export function ownFromFrame<T>(framing: Framing<T>, value: T | Uint8Array): Uint8Array {
  const bytes = fromFrame(framing, value);
  return bytes === value || encodes(framing) ? copyOf(bytes) : bytes;
}

/** A function of the user's makes the bytes. @internal */
export function encodes<T>(framing: Framing<T>): boolean {
  return framing[parts].decoder !== undefined;
}
