// Frames that have arrived together: no object per frame until it is asked for.
import { PipeError } from './errors.ts';
import { type Framing, toFrame } from './framing/framing.ts';
import type { Slab } from './framing/slab.ts';
import type { Channel } from './options.ts';

/** Where a batch's frames are, for native code, which makes no frames of them. */
export interface BatchContents {
  readonly framing: Framing<unknown>;
  readonly slab: Slab;
  /** Begin and end of each within the slab. */
  readonly bounds: ArrayLike<number>;
  /** Of `bounds`, in frames: where the batch begins. */
  readonly first: number;
  readonly count: number;
}

/** `undefined` for what is no batch. Throws for one whose memory is used again. @internal */
export let contentsOf: (frames: unknown) => BatchContents | undefined;
/** From now on the batch is empty. Gives its slab, if that is nobody else's. @internal */
export let takeBack: (batch: FrameBatch<unknown>) => Slab | undefined;

/**
 * Frames that arrived together. `at(i)` and iteration make the frames when they are asked for; asked twice,
 * they are made twice. Buffers are views of memory that the batch shares: keep `Buffer.from(frame)` of
 * a small frame that is to outlive its batch, or the batch's memory (up to 128 KiB) lives with it.
 */
export class FrameBatch<T> implements Iterable<T> {
  readonly #channel: Channel<T>;
  readonly #slab: Slab;
  readonly #bounds: ArrayLike<number>;
  readonly #first: number;
  /** Of the first frame in the stream. */
  readonly #position: number;
  /** Nobody else has seen anything of the slab. */
  readonly #alone: boolean;
  #length: number;
  /** Its memory is used again. */
  #over = false;

  /** @internal */
  constructor(channel: Channel<T>, { slab, bounds, next, count, shared }: Stretch, position: number) {
    this.#channel = channel;
    this.#position = position;
    this.#slab = slab;
    this.#bounds = bounds;
    this.#first = next;
    this.#alone = !shared && next === 0;
    this.#length = count - next;
  }

  static {
    contentsOf = (one) => {
      if (typeof one !== 'object' || one === null || !(#slab in one)) return undefined;
      one.#check();
      const { framing } = one.#channel;
      return { framing, slab: one.#slab, bounds: one.#bounds, first: one.#first, count: one.#length };
    };
    takeBack = (batch) => {
      if (batch.#over) return undefined;
      batch.#over = true;
      batch.#length = 0;
      return batch.#alone ? batch.#slab : undefined;
    };
  }

  /** How many frames. 0 once the memory is used again, with `batches({ reuse: true })`. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of all frames together, without headers. */
  get byteLength(): number {
    let bytes = 0;
    for (let i = this.#first; i < this.#first + this.length; i++) {
      bytes += this.#bounds[2 * i + 1]! - this.#bounds[2 * i]!;
    }
    return bytes;
  }

  /**
   * Frame `index`, or `undefined` when there is none; negative indexes count from the end.
   * Throws a PipeError `ERR_FRAME_INVALID` when the frame is not what the framing's `as` says (JSON), and `EINVAL` once the
   * batch's memory is used again.
   */
  at(index: number): T | undefined {
    this.#check();
    const whole = Math.trunc(index) || 0; // as Array.prototype.at() takes it: NaN is 0
    const i = whole < 0 ? whole + this.length : whole;
    if (!(i >= 0 && i < this.length)) return undefined;
    const bound = 2 * (this.#first + i);
    const begin = this.#bounds[bound]!;
    const position = this.#position + begin - this.#bounds[2 * this.#first]!;
    const { framing, path } = this.#channel;
    return toFrame(framing, this.#slab, begin, this.#bounds[bound + 1]!, path, position);
  }

  /** The frames in order. Throws as {@link at} does. */
  *[Symbol.iterator](): Iterator<T> {
    const { length } = this;
    this.#check();
    for (let i = 0; i < length; i++) yield this.at(i) as T;
  }

  #check(): void {
    if (!this.#over) return;
    throw new PipeError(
      'EINVAL',
      "the batch's memory is used again: batches({ reuse: true }) lends each batch until the next one is asked for; copy " +
        'what is to last, or leave out `reuse`',
    );
  }
}

/** One stretch of the queue: frames not taken yet, and what they count for. */
export interface Stretch {
  slab: Slab;
  bounds: ArrayLike<number>;
  /** The next frame to take. */
  next: number;
  count: number;
  /** Of the frames not taken yet: each counts until the next one begins, and so with the next one's header. */
  bytes: number;
  /** What they have beside that, when the header that was counted first was of another length. */
  more: number;
  /** What counts beside the bytes. */
  overhead: number;
  /** The slab is not this connection's alone. */
  shared: boolean;
  newer: Stretch | undefined;
}
