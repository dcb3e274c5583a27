// Who waits for something to come (frames, connections), first come first served: single reads and
// iterations alike.

import { type Deferred, deferred, onAbort } from './promises.ts';

/** What something is read from. */
interface Source {
  readonly empty: boolean;
}

interface Waiter<S> {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  take(source: S): unknown;
  readonly atEnd: unknown;
  /** Who waits, if it is an iterator, which may be left. */
  readonly reader: object | undefined;
  /** Makes the signal forget it. */
  forget: (() => void) | undefined;
  older: Waiter<S> | undefined;
  newer: Waiter<S> | undefined;
}

/** The readers of one source, which ends once. A list, for most have but one at a time, and an array takes room for many. */
export class Readers<S extends Source> {
  readonly #source: S;
  #oldest: Waiter<S> | undefined;
  #newest: Waiter<S> | undefined;
  #ended = false;
  #error: unknown;
  #done: Deferred | undefined;

  constructor(source: S) {
    this.#source = source;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when nothing comes any more and what came was taken. */
  get done(): Promise<void> {
    this.#done ??= deferred();
    this.#noteDone();
    return this.#done.promise;
  }

  /**
   * Gives `take(source)` as soon as there is something, `atEnd` when nothing comes any more. An abort takes nothing, nor
   * does a `reader` that has left.
   */
  read<V, E>(take: (source: S) => V, atEnd: E, signal?: AbortSignal, reader?: object): Promise<V | E> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (!this.#oldest && !this.#source.empty) {
      try {
        return Promise.resolve(take(this.#source));
      } catch (error) {
        return Promise.reject(error);
      } finally {
        this.#noteDone();
      }
    }
    if (this.#ended) return this.#error === undefined ? Promise.resolve(atEnd) : Promise.reject(this.#error);
    return new Promise<V | E>((resolve, reject) => {
      const waiter: Waiter<S> = {
        resolve: resolve as (value: unknown) => void,
        reject,
        take,
        atEnd,
        reader,
        forget: undefined,
        older: undefined,
        newer: undefined,
      };
      if (signal) this.#abortable(waiter, signal); // first: if it throws, nobody waits
      this.#add(waiter);
    });
  }

  /** Serves those who wait, as far as there is something. */
  serve(): void {
    while (this.#oldest && !this.#source.empty) {
      const waiter = this.#oldest;
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
    let next: Waiter<S> | undefined;
    for (let waiter = this.#oldest; waiter; waiter = next) {
      next = waiter.newer;
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
    this.#noteDone();
    while (this.#oldest) {
      const waiter = this.#oldest;
      this.#remove(waiter);
      if (error === undefined) waiter.resolve(waiter.atEnd);
      else waiter.reject(error);
    }
  }

  #noteDone(): void {
    if (this.#done && this.#ended && this.#source.empty) this.#done.resolve();
  }

  #add(waiter: Waiter<S>): void {
    waiter.older = this.#newest;
    if (this.#newest) this.#newest.newer = waiter;
    else this.#oldest = waiter;
    this.#newest = waiter;
  }

  // Before it is served: what is taken for it is not lost to an abort in the middle of that.
  #remove(waiter: Waiter<S>): void {
    waiter.forget?.();
    if (waiter.older) waiter.older.newer = waiter.newer;
    else this.#oldest = waiter.newer;
    if (waiter.newer) waiter.newer.older = waiter.older;
    else this.#newest = waiter.older;
  }

  #abortable(waiter: Waiter<S>, signal: AbortSignal): void {
    waiter.forget = onAbort(signal, () => {
      this.#remove(waiter);
      waiter.reject(signal.reason);
    });
  }
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** Iterates what `take` gives, until the readers' source ends. Leaving the loop takes and closes nothing. */
export class ReaderIterator<S extends Source, V> implements AsyncIterableIterator<V, undefined> {
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
