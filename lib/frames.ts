// Frames that have arrived, as batches of offsets: no object per frame until it is asked for.

import { FrameBatch, type Stretch } from './batch.ts';
import { FRAMES_HEAD } from './constants.ts';
import { nativeFraming, toFrame } from './framing/framing.ts';
import { Slab } from './framing/slab.ts';
import type { Numbered } from './handles.ts';
import type { Intake } from './intake.ts';
import { loop } from './loop.ts';
import type { Channel } from './options.ts';

/** Stretches that may wait as they came: each costs more than a small frame. */
const MOST_LOOSE = 256;

/**
 * The queues that had frames in the slab that all connections share at present, each at its `place`. One whose connection
 * has ended leaves: thousands of connections may come and go with one slab, and V8 would move each into its old space.
 */
const sharers: FrameQueue<unknown>[] = [];

/**
 * The slab is full. What nobody has read by now moves out of it: a few bytes that somebody leaves unread must not hold
 * 128 KiB, and one such slab after the other.
 */
export function leaveSlab(): void {
  for (const queue of sharers.splice(0)) queue.leaveSlab();
}

/** What counts for so much is taken before native code is told: it need not know at once, and each crossing costs. */
const TELL_FROM = 64 * 1024;

/** A connection's frames that wait for a reader, oldest first. */
export class FrameQueue<T> {
  readonly #connection: Numbered;
  readonly #channel: Channel<T>;
  readonly #tellFrom: number;
  /** It has counted what native code counts, where frames are found on this side. */
  readonly #intake: Intake | undefined;
  /** Stretches that came since they were moved out last, or since there were none. */
  #loose = 0;
  /** Where it is among those that will be told of the slab's end; -1: it is not. */
  #place = -1;
  #oldest: Stretch | undefined;
  #newest: Stretch | undefined;
  /** Bytes taken, since the beginning. */
  #position = 0;
  /** What was taken and native code has not been told of. */
  #untold = 0;
  /** Bytes of the frames that have not been taken, as they count. */
  #bytes = 0;

  constructor(connection: Numbered, channel: Channel<T>, intake?: Intake) {
    this.#intake = intake;
    this.#connection = connection;
    this.#channel = channel;
    this.#tellFrom = intake ? 0 : Math.min(TELL_FROM, channel.highWaterMark / 4); // it knows when to tell
  }

  /** What a frame has beside its bytes is behind them, and not before. */
  get #delimited(): boolean {
    return nativeFraming(this.#channel.framing).delimits;
  }

  get empty(): boolean {
    return this.#oldest === undefined;
  }

  /** Bytes of the frames that have not been taken, with headers and delimiters. */
  get available(): number {
    return this.#oldest ? this.#bytes - this.#oldest.bytes + bytesLeft(this.#oldest, this.#delimited) : 0;
  }

  /** `table` is used again after this call: what is kept of it is copied. */
  push(slab: Slab, shared: boolean, table: Uint32Array, from: number, count: number): void {
    const bytes = table[from]!;
    const overhead = table[from + 1]! - bytes;
    const begin = from + FRAMES_HEAD;
    const bounds = count === 1 ? [table[begin]!, table[begin + 1]!] : table.slice(begin, begin + 2 * count);
    const stretch: Stretch = { slab, bounds, next: 0, count, bytes, more: 0, overhead, shared, newer: undefined };
    if (shared && this.#place < 0) this.#place = sharers.push(this) - 1;
    if (this.#newest) this.#newest.newer = stretch;
    else this.#oldest = stretch;
    this.#newest = stretch;
    this.#bytes += bytes;
    if (this.#oldest === stretch) this.#loose = 0;
    else if (++this.#loose > MOST_LOOSE) this.#moveOut();
  }

  /** The oldest frame; call only when not empty. Throws when it is not what `as` says: it is taken all the same. */
  shift(): T {
    const stretch = this.#oldest!;
    const position = this.#position;
    const bound = 2 * stretch.next++;
    const begin = stretch.bounds[bound]!;
    const end = stretch.bounds[bound + 1]!;
    if (stretch.next === stretch.count) {
      this.#drop(stretch);
    } else {
      const bytes = stretch.bounds[bound + 2]! - begin; // with one header, or delimiter
      stretch.bytes -= bytes;
      this.#taken(bytes, 0);
    }
    const { framing, path } = this.#channel;
    return toFrame(framing, stretch.slab, begin, end, path, position);
  }

  /** What is left of the oldest stretch; call only when not empty. */
  shiftBatch(): FrameBatch<T> {
    const stretch = this.#oldest!;
    const batch = new FrameBatch(this.#channel, stretch, this.#position);
    this.#drop(stretch);
    return batch;
  }

  leaveSlab(): void {
    this.#place = -1;
    this.#moveOut();
  }

  /** No frames come any more. */
  finish(): void {
    if (this.#place < 0 || this.#oldest) return;
    const last = sharers.pop()!;
    if (last !== this) {
      sharers[this.#place] = last;
      last.#place = this.#place;
    }
    this.#place = -1;
  }

  // Stretches of the shared slab, many of them small, become few of their own.
  #moveOut(): void {
    this.#loose = 0;
    let before: Stretch | undefined;
    for (let stretch = this.#oldest; stretch; stretch = before.newer) {
      let end: Stretch | undefined = stretch;
      while (end?.shared) end = end.newer;
      const moved: Stretch = end === stretch ? stretch : movedOut(stretch, end, this.#delimited);
      if (before) before.newer = moved;
      else this.#oldest = moved;
      this.#newest = moved;
      before = moved;
    }
  }

  clear(): void {
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#bytes = 0;
    this.finish();
  }

  #drop(stretch: Stretch): void {
    this.#oldest = stretch.newer;
    if (!stretch.newer) this.#newest = undefined;
    this.#taken(stretch.bytes, stretch.overhead);
  }

  #taken(bytes: number, overhead: number): void {
    this.#bytes -= bytes;
    this.#position += bytes;
    this.#untold += bytes + overhead;
    if (this.#untold < this.#tellFrom) return;
    if (this.#intake) this.#intake.consumed(this.#untold, this.empty);
    else loop.consumed(this.#connection.number, this.#untold);
    this.#untold = 0;
  }
}

/** How many bytes of a stretch have not been taken, with headers and delimiters. */
function bytesLeft({ bounds, next, count, bytes, more }: Stretch, delimited: boolean): number {
  return delimited || next === 0 ? bytes + more : bounds[2 * count - 1]! - bounds[2 * next - 1]!;
}

/** One stretch of memory of its own in the place of those from `first` to before `end`. */
function movedOut(first: Stretch, end: Stretch | undefined, delimited: boolean): Stretch {
  let [count, bytes, overhead, left] = [0, 0, 0, 0];
  for (let old: Stretch | undefined = first; old !== end; old = old!.newer) {
    count += old!.count - old!.next;
    bytes += old!.bytes;
    overhead += old!.overhead;
    left += bytesLeft(old!, delimited);
  }
  const memory = Buffer.allocUnsafeSlow(left);
  const bounds = new Uint32Array(2 * count);
  let [filled, at] = [0, 0];
  for (let old: Stretch | undefined = first; old !== end; old = old!.newer) {
    const { slab, bounds: from, next } = old!;
    const begin = from[2 * next]!;
    const last = from[2 * old!.count - 1]!;
    const size = bytesLeft(old!, delimited);
    // With room for the first one's header, which need not be in the slab: so that distances stay what frames count for.
    const to = delimited ? filled : filled + size - (last - begin);
    slab.bytes.copy(memory, to, begin, last);
    for (let i = 2 * next; i < 2 * old!.count; i++) bounds[at++] = from[i]! - begin + to;
    filled += size;
  }
  return {
    slab: new Slab(memory),
    bounds,
    next: 0,
    count,
    bytes,
    more: left - bytes,
    overhead,
    shared: false,
    newer: end,
  };
}
