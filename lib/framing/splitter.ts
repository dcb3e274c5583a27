// Cuts a stream into frames as a user's function says: framing.custom(), on JavaScript's thread.
import { types } from 'node:util';
import { failureToError, PipeError, reasonOf } from '../errors.ts';
import { nothing } from '../promises.ts';
import type { CustomDecoder } from './custom.ts';

/** What has become of some bytes: the frames that are complete, one right after the other. */
export interface Split {
  /** What the frames lie in. */
  readonly memory: Buffer;
  /** Begin and end of each. */
  readonly bounds: readonly number[];
  /** The frames before it are good; after it nothing more comes. */
  readonly error?: PipeError | undefined;
}

const NO_BYTES = Buffer.alloc(0);
/** More than what has come is made room for, but a peer that declares much gets no more than this at once. */
const STEP = 64 * 1024;

export class Splitter {
  readonly #make: () => CustomDecoder;
  readonly #longest: number;
  readonly #path: string | undefined;
  #decode: CustomDecoder | undefined;
  /** Memory of its own, with the frame that is not complete; whoever has frames in it keeps it. */
  #rest: Buffer = NO_BYTES;
  /** Bytes of it. */
  #filled = 0;
  /** So many of them are needed before the function is asked again. */
  #wanted = 0;
  /** Of `#rest` in the stream. */
  #position = 0;
  #error: PipeError | undefined;

  /** `path`: the pipe's, for errors. */
  constructor(make: () => CustomDecoder, longest: number, path?: string) {
    this.#make = make;
    this.#longest = longest;
    this.#path = path;
  }

  /** Bytes of the frame that is not complete. */
  get incomplete(): number {
    return this.#filled;
  }

  /** Takes the next bytes, which stay as they are while frames are in them. Calls the user's function. */
  push(bytes: Buffer): Split {
    if (this.#error) return { memory: bytes, bounds: [], error: this.#error };
    const own = this.#filled > 0;
    if (own) this.#append(bytes);
    const memory = own ? this.#rest.subarray(0, this.#filled) : bytes;
    const bounds: number[] = [];
    if (memory.length >= this.#wanted) this.#search(memory, bounds);
    const taken = bounds.at(-1) ?? 0;
    this.#position += taken;
    if (taken > 0 || !own || this.#error) this.#keep(memory, taken);
    return { memory, bounds, error: this.#error };
  }

  /** The stream has ended: why that is no good, if it was within a frame. */
  end(): PipeError | undefined {
    if (this.#error || this.#filled === 0) return this.#error;
    const declared = this.#wanted > this.#filled ? this.#wanted : 0;
    const frame = [declared, this.#filled, this.#position] as const;
    const reason = 'the stream ended within a frame';
    return (this.#error = failureToError(['ERR_FRAME_TRUNCATED', 'read', 0, reason, frame], this.#path));
  }

  #search(bytes: Buffer, bounds: number[]): void {
    this.#wanted = 0;
    for (let at = 0; at < bytes.length; ) {
      let result: number;
      try {
        this.#decode ??= made(this.#make());
        result = this.#decode(bytes, at);
      } catch (cause) {
        this.#refuse('ERR_FRAME_INVALID', `decoder() threw: ${reasonOf(cause)}`, bytes.length - at, at, cause);
        return;
      }
      if (!isPlace(result, at, bytes.length)) {
        this.#refuse('ERR_FRAME_INVALID', expected(result, at, bytes.length), bytes.length - at, at);
        return;
      }
      const length = result > 0 ? result - at : bytes.length - at - result;
      if (length > this.#longest) {
        const reason = 'longer than maxFrameLength (do both sides use the same framing?)';
        this.#refuse('ERR_FRAME_TOO_LARGE', reason, length, at);
        return;
      }
      if (result < 0) {
        this.#wanted = length;
        return;
      }
      bounds.push(at, result);
      at = result;
    }
  }

  #refuse(
    code: 'ERR_FRAME_INVALID' | 'ERR_FRAME_TOO_LARGE',
    why: string,
    length: number,
    at: number,
    cause?: unknown,
  ): void {
    const position = this.#position + at;
    const where = this.#path === undefined ? '' : ` ${this.#path}`;
    const what = `${why} (${length} bytes, at byte ${position} of the stream)`;
    this.#error = new PipeError(code, `read ${code}${where}: ${what}`, {
      syscall: 'read',
      path: this.#path,
      declaredLength: length,
      limit: this.#longest,
      position,
      cause,
    });
  }

  /** What is left over, for the next bytes: never in memory that somebody else has, or that frames are in. */
  #keep(memory: Buffer, from: number): void {
    this.#filled = 0;
    this.#rest = NO_BYTES;
    if (from < memory.length && !this.#error) this.#append(memory.subarray(from));
  }

  #append(bytes: Buffer): void {
    const needed = this.#filled + bytes.length;
    if (needed > this.#rest.length) {
      const room = Math.max(needed, Math.min(Math.max(this.#wanted, 2 * this.#filled), 2 * needed + STEP));
      const larger = Buffer.allocUnsafeSlow(room);
      this.#rest.copy(larger, 0, 0, this.#filled);
      this.#rest = larger;
    }
    bytes.copy(this.#rest, this.#filled);
    this.#filled = needed;
  }
}

function made(decode: CustomDecoder): CustomDecoder {
  if (typeof decode === 'function') return decode;
  throw new TypeError(`it returned ${typeof decode}, not the function that finds frames`);
}

/** One past the frame's last byte, or how many are needed. */
function isPlace(result: number, at: number, end: number): boolean {
  return Number.isSafeInteger(result) && (result < 0 || (result > at && result <= end));
}

/** Not by its own `then` or `catch`, which may be the user's. */
async function awaited(promise: Promise<unknown>): Promise<void> {
  await promise;
}

function expected(result: unknown, at: number, end: number): string {
  if (types.isPromise(result)) {
    awaited(result).catch(nothing);
    return 'decoder() returned a promise: it must find frames at once';
  }
  const shown = typeof result === 'number' ? result : typeof result;
  return `decoder() returned ${shown}, neither a place from ${at + 1} to ${end} nor how many bytes are needed, as −n`;
}
