// The framing codec by itself, for streams of bytes that are no pipes.

import { failureToError, invalid } from '../errors.ts';
import { type NativeDecoder, native } from '../native.ts';
import { isUint8Array, requireAttached } from './bytes.ts';
import { wrongType } from './conversion.ts';
import { type Framing, fromFrame, nativeFraming, toFrame } from './framing.ts';

/** More than this is decoded piece by piece: offsets are 32 bits wide. */
const LARGEST_PIECE = 2 ** 30;

/**
 * Finds frames in any stream of bytes: a socket, a file, a child's stdout.
 *
 * ```ts
 * const decoder = new FrameDecoder(framing.lines({ as: 'utf8' }));
 * for await (const chunk of process.stdin) for (const line of decoder.push(chunk)) console.log(line);
 * decoder.end();
 * ```
 *
 * After an error the stream is out of step: every later call throws the same error.
 */
export class FrameDecoder<T = Buffer> {
  readonly #framing: Framing<T>;
  readonly #native: NativeDecoder;
  #error: unknown;

  /** Throws a PipeError `EINVAL` for `framing.message()`: its boundaries are not in the bytes. */
  constructor(framing: Framing<T>) {
    const made = nativeFraming(framing);
    if (framing.kind === 'message') {
      throw invalid('framing', 'framing.message()', 'one whose boundaries are in the bytes, for a FrameDecoder');
    }
    this.#framing = framing;
    this.#native = native.createDecoder(made);
  }

  /**
   * Takes the next bytes, cut anywhere; returns the frames that are now complete. The bytes are copied: the
   * caller may use them again. Buffers are views of memory that the frames of one call share, and that is never reused.
   *
   * Throws `ERR_FRAME_TOO_LARGE` or `ERR_FRAME_INVALID`. The frames before the one at fault are never lost: when there
   * are any in this chunk they are returned, and the next call throws.
   */
  push(chunk: Uint8Array): T[] {
    if (!isUint8Array(chunk)) throw wrongType(chunk, 'a Uint8Array');
    requireAttached(chunk);
    const frames: T[] = [];
    for (let at = 0; this.#error === undefined && at < chunk.length; at += LARGEST_PIECE) {
      try {
        this.#decode(chunk.length <= LARGEST_PIECE ? chunk : chunk.subarray(at, at + LARGEST_PIECE), frames);
      } catch (error) {
        this.#error = error;
      }
    }
    if (this.#error !== undefined && frames.length === 0) throw this.#error;
    return frames;
  }

  /** The stream has ended. Throws `ERR_FRAME_TRUNCATED` when that was within a frame. */
  end(): void {
    if (this.#error !== undefined) throw this.#error;
    const failure = this.#native.end();
    if (failure) throw (this.#error = failureToError(failure));
  }

  #decode(chunk: Uint8Array, frames: T[]): void {
    const { slab, table, failure } = this.#native.push(chunk);
    for (let i = 0; i < table.length; i += 2) frames.push(toFrame(this.#framing, slab, table[i]!, table[i + 1]!));
    if (failure) throw failureToError(failure);
  }
}

/**
 * A frame as it goes over the wire: the bytes that `send` would write. `value`: a Uint8Array, or what the framing's `as`
 * says. Throws `ERR_FRAME_TOO_LARGE` or `ERR_FRAME_INVALID` when it does not fit the framing.
 */
export function encodeFrame<T>(framing: Framing<T>, value: T | Uint8Array): Buffer {
  const encoded = native.encode(nativeFraming(framing), fromFrame(framing, value));
  if (!Buffer.isBuffer(encoded)) throw failureToError(encoded);
  return encoded;
}
