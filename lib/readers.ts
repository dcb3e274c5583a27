// Who waits for something to come (frames, connections), first come first served: single reads and
// iterations alike.

import { onAbort } from './promises.ts';

interface Waiter<S> {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  take(source: S): unknown;
  atEnd: unknown;
  /** Who waits, if it is an iterator, which may be left. */
  reader: object | undefined;
  /** It waits no more: its place in the queue is passed over. */
  gone: boolean;
}

/** Places that nobody waits in any more and that are kept all the same. */
const MOST_GONE = 1024;

/** The readers of one source, which has items or none (`ready`), and ends once. */
export class Readers<S> {
  readonly #source: S;
  readonly #ready: (source: S) => boolean;
  /** In order, from `#first` on; `#count` of them still wait. */
  #queue: Waiter<S>[] = [];
  #first = 0;
  #count = 0;
  #ended = false;
  #error: unknown;

  constructor(source: S, ready: (source: S) => boolean) {
    this.#source = source;
    this.#ready = ready;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Gives `take(source)` as soon as there is something, `atEnd` when nothing comes any more. An abort takes nothing, nor
   * does a `reader` that has left.
   */
  read<V, E>(take: (source: S) => V, atEnd: E, signal?: AbortSignal, reader?: object): Promise<V | E> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#count === 0 && this.#ready(this.#source)) {
      try {
        return Promise.resolve(take(this.#source));
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (this.#ended) return this.#error === undefined ? Promise.resolve(atEnd) : Promise.reject(this.#error);
    return new Promise<V | E>((resolve, reject) => {
      const waiter = { resolve: resolve as (value: unknown) => void, reject, take, atEnd, reader, gone: false };
      if (signal) this.#abortable(waiter, signal); // first: if it throws, nobody waits
      this.#queue.push(waiter);
      this.#count++;
    });
  }

  /** Serves those who wait, as far as there is something. */
  serve(): void {
    while (this.#count > 0 && this.#ready(this.#source)) {
      const waiter = this.#queue[this.#first++]!;
      if (waiter.gone) continue;
      this.#remove(waiter);
      try {
        waiter.resolve(waiter.take(this.#source));
      } catch (error) {
        waiter.reject(error);
      }
    }
  }

  /** Those of this reader wait no more, and take nothing. */
  leave(reader: object): void {
    if (this.#count === 0) return;
    for (const waiter of this.#waiting()) {
      if (waiter.reader !== reader) continue;
      this.#remove(waiter);
      waiter.resolve(waiter.atEnd);
    }
  }

  /** Nothing comes any more, because of `error` if there is one. The first end counts. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (this.#count === 0) return;
    for (const waiter of this.#waiting()) {
      this.#remove(waiter);
      if (error === undefined) waiter.resolve(waiter.atEnd);
      else waiter.reject(error);
    }
  }

  #waiting(): Waiter<S>[] {
    return this.#queue.slice(this.#first).filter((waiter) => !waiter.gone);
  }

  // Many thousands may wait: one that leaves must not move all others up.
  #remove(waiter: Waiter<S>): void {
    waiter.gone = true;
    this.#count--;
    if (this.#count === 0) {
      // An array that was replaced, or emptied by its length, would have to grow again for the next one.
      if (this.#queue.length === 1) this.#queue.pop();
      else this.#queue = [];
      this.#first = 0;
    } else if (this.#queue.length > 2 * this.#count + MOST_GONE) {
      this.#queue = this.#waiting();
      this.#first = 0;
    }
  }

  #abortable(waiter: Waiter<S>, signal: AbortSignal): void {
    const { resolve, reject } = waiter;
    const done = onAbort(signal, () => {
      this.#remove(waiter);
      reject(signal.reason);
    });
    waiter.resolve = (value) => {
      done();
      resolve(value);
    };
    waiter.reject = (error) => {
      done();
      reject(error);
    };
  }
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** Iterates what `take` gives, until the readers' source ends. Leaving the loop takes and closes nothing. */
export class ReaderIterator<S, V> implements AsyncIterableIterator<V, undefined> {
  readonly #readers: Readers<S>;
  readonly #take: (source: S) => IteratorYieldResult<V>;
  #left = false;

  /** `take` gives an iterator's result. */
  constructor(readers: Readers<S>, take: (source: S) => IteratorYieldResult<V>) {
    this.#readers = readers;
    this.#take = take;
  }

  next(): Promise<IteratorResult<V, undefined>> {
    return this.#left ? Promise.resolve(DONE) : this.#readers.read(this.#take, DONE, undefined, this);
  }

  return(): Promise<IteratorResult<V, undefined>> {
    if (!this.#left) {
      this.#left = true;
      this.#readers.leave(this);
    }
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
