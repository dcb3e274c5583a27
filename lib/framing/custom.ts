// framing.custom(): a protocol that only its user knows.
import { invalid, isPipeError, PipeError, reasonOf } from '../errors.ts';
import { checked, type Names } from '../option-names.ts';
import { isUint8Array, lengthOf, requireBytes, together } from './bytes.ts';
import { BUFFERS, type Conversion, Malformed, wrongType } from './conversion.ts';
import { type Framing, type FramingOptions, make } from './framing.ts';

/**
 * Finds the end of the frame that begins at `bytes[start]`. Returns one past its last byte, or −n when at least n bytes more
 * are needed: it is called again when they have come. Anything else is an `ERR_FRAME_INVALID`. `bytes` end where those end
 * that have come, and are valid during the call.
 */
export type CustomDecoder = (bytes: Buffer, start: number) => number;

/** For {@link Framings.custom}. */
export interface CustomOptions<T> extends FramingOptions {
  /** Makes the function that finds frames: called once for each connection and each {@link FrameDecoder}. */
  decoder: () => CustomDecoder;
  /** Makes of a whole frame what is received. What it throws costs this frame alone (`ERR_FRAME_INVALID`). Default: its bytes. */
  parse?: ((frame: Buffer) => T) | undefined;
  /** Makes of whatever is sent the bytes that go over the wire, all of them; an array of parts is put together. */
  encode: (value: T) => Uint8Array | readonly Uint8Array[];
}

const CUSTOM: Names<CustomOptions<unknown>> = { maxFrameLength: true, decoder: true, parse: true, encode: true };

export function custom(options: CustomOptions<unknown>): Framing<unknown> {
  const { decoder, parse, encode } = checked('framing.custom', options, CUSTOM);
  if (typeof decoder !== 'function')
    throw invalid('decoder', decoder, 'a function that makes the one that finds frames');
  if (parse !== undefined && typeof parse !== 'function') throw invalid('parse', parse, 'a function');
  if (typeof encode !== 'function') throw invalid('encode', encode, 'a function that returns the bytes to send');
  const conversion: Conversion<unknown> = {
    toFrame: parse === undefined ? BUFFERS.toFrame : (slab, begin, end) => parsed(parse, slab.view(begin, end)),
    toBytes: (value) => joined(encoded(encode, value)),
  };
  return make({ kind: 'custom' }, conversion, options, undefined, decoder);
}

function parsed(parse: (frame: Buffer) => unknown, frame: Buffer): unknown {
  try {
    return parse(frame);
  } catch (cause) {
    throw new Malformed(frame.length, `parse() threw: ${reasonOf(cause)}`, cause);
  }
}

function encoded(encode: (value: unknown) => unknown, value: unknown): readonly unknown[] {
  try {
    const made = encode(value);
    return Array.isArray(made) ? [...made] : [made];
  } catch (cause) {
    if (isPipeError(cause)) throw cause;
    const message = `The frame must be a value that encode() can express: ${reasonOf(cause)}`;
    throw new PipeError('ERR_INVALID_ARG_TYPE', message, { cause });
  }
}

/** One stretch of bytes: the peer could not tell an empty one from nothing. */
function joined(parts: readonly unknown[]): Uint8Array {
  for (const part of parts) {
    if (!isUint8Array(part)) throw wrongType(part, 'what encode() makes of it: a Uint8Array or an array of them');
    requireBytes(part);
  }
  const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : together(parts as readonly Uint8Array[]);
  if (lengthOf(bytes) > 0) return bytes;
  throw new PipeError('ERR_FRAME_INVALID', 'write ERR_FRAME_INVALID: encode() made no bytes, which is no frame', {
    syscall: 'write',
  });
}
