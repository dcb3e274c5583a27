// The framing codec by itself, for streams of bytes that are no pipes.

import { failureToError, invalid, PipeError } from '../errors.ts';
import { type NativeDecoder, type NativeFrames, native } from '../native.ts';
import { isUint8Array, lengthOf, partOf, requireBytes } from './bytes.ts';
import { wrongType } from './conversion.ts';
import { type Framing, fromFrame, nativeFraming, splitterOf, toFrame } from './framing.ts';
import { Slab } from './slab.ts';
import type { Splitter } from './splitter.ts';

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
 * After `ERR_FRAME_TOO_LARGE`, or an `ERR_FRAME_INVALID` of the framing itself, the stream is out of step: every later call
 * throws the same error. A frame that is merely not what `as` says (no JSON) is lost alone: `push` goes on behind it.
 */
export class FrameDecoder<T = Buffer> {
  readonly #framing: Framing<T>;
  readonly #native: NativeDecoder;
  /** What was found and not returned yet: when a frame was lost, those behind it wait for the next call. */
  readonly #found: (T | Lost)[] = [];
  /** Bytes of the frames that were found, since the stream began. */
  #position = 0;
  #error: unknown;
  #ended = false;
  /** Calls are made of the user's functions of framing.custom(): frames would lose their order if they pushed more. */
  #pushes = false;

  /** Throws a PipeError `EINVAL` for `framing.message()`: its boundaries are not in the bytes. */
  constructor(framing: Framing<T>) {
    const made = nativeFraming(framing);
    if (framing.kind === 'message') {
      throw invalid('framing', 'framing.message()', 'one whose boundaries are in the bytes, for a FrameDecoder');
    }
    this.#framing = framing;
    const splitter = splitterOf(framing as Framing<unknown>);
    this.#native = splitter ? splittingDecoder(splitter) : native.createDecoder(made);
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
    requireBytes(chunk);
    const length = lengthOf(chunk);
    this.#once('push', () => {
      for (let at = 0; this.#error === undefined && at < length; at += LARGEST_PIECE) {
        this.#add(this.#native.push(partOf(chunk, at, Math.min(length - at, LARGEST_PIECE))));
      }
    });
    const frames = this.#take();
    if (frames.length === 0 && this.#error !== undefined) throw this.#error;
    return frames;
  }

  /**
   * The stream has ended. Returns what is left: a last line without an end, if the framing takes it for a frame (`lastLine`).
   * Throws `ERR_FRAME_TRUNCATED` when the end was inside a frame, and the error that `push` has not thrown yet.
   */
  end(): T[] {
    this.#once('end', () => {
      if (this.#found[0] instanceof Lost) throw (this.#found.shift() as Lost).error;
      if (this.#error === undefined && !this.#ended) this.#add(this.#native.end());
    });
    this.#ended = true;
    if (this.#error !== undefined) throw this.#error;
    return this.#take();
  }

  #once(call: string, act: () => void): void {
    if (this.#pushes)
      throw new PipeError('EINVAL', `${call} was called by a function that push calls: decoder() or parse()`);
    this.#pushes = true;
    try {
      act();
    } finally {
      this.#pushes = false;
    }
  }

  #add({ slab: bytes, table, failure }: NativeFrames): void {
    const slab = new Slab(bytes);
    for (let i = 0; i < table.length; i += 2) {
      const begin = table[i]!;
      const position = this.#position + begin - table[0]!;
      try {
        this.#found.push(toFrame(this.#framing, slab, begin, table[i + 1]!, undefined, position));
      } catch (error) {
        this.#found.push(new Lost(error)); // the stream is still in step
      }
    }
    this.#position += bytes.length;
    if (failure) this.#error = failure instanceof PipeError ? failure : failureToError(failure);
  }

  // The frames before one that was lost; or, if there are none, why it was.
  #take(): T[] {
    const lost = this.#found.findIndex((frame) => frame instanceof Lost);
    if (lost === 0) throw (this.#found.shift() as Lost).error;
    return this.#found.splice(0, lost < 0 ? Infinity : lost) as T[];
  }
}

/** Frames that are found on this side, told as native code tells them. */
function splittingDecoder(splitter: Splitter): NativeDecoder {
  return {
    push(chunk) {
      const { memory, bounds, error } = splitter.push(Buffer.from(chunk));
      const begin = bounds[0] ?? 0;
      const table = Uint32Array.from(bounds, (place) => place - begin);
      return { slab: memory.subarray(begin, bounds.at(-1) ?? 0), table, ...(error && { failure: error }) };
    },
    end() {
      const error = splitter.end();
      return { slab: Buffer.alloc(0), table: new Uint32Array(0), ...(error && { failure: error }) };
    },
  };
}

/** In the place of a frame that is not what `as` says. */
class Lost {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * A frame as it goes over the wire: the bytes that `send` would write. `value`: a Uint8Array, or what the framing's `as`
 * says. Throws `ERR_FRAME_TOO_LARGE` or `ERR_FRAME_INVALID` when it does not fit the framing.
 */
export function encodeFrame<T>(framing: Framing<T>, value: T | Uint8Array): Buffer {
  const made = nativeFraming(framing);
  const bytes = fromFrame(framing, value);
  requireBytes(bytes);
  const encoded = native.encode(made, bytes);
  if (!Buffer.isBuffer(encoded)) throw failureToError(encoded);
  return encoded;
}
