// Who waits for something to come (frames, connections), first come first served: single reads and
// iterations alike.

interface Waiter<S> {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  take(source: S): unknown;
  atEnd: unknown;
}

/** The readers of one source, which has items or none (`ready`), and ends once. */
export class Readers<S> {
  readonly #source: S;
  readonly #ready: (source: S) => boolean;
  readonly #waiting: Waiter<S>[] = [];
  #ended = false;
  #error: unknown;

  constructor(source: S, ready: (source: S) => boolean) {
    this.#source = source;
    this.#ready = ready;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Gives `take(source)` as soon as there is something, `atEnd` when nothing comes any more. An abort takes nothing. */
  read<V, E>(take: (source: S) => V, atEnd: E, signal?: AbortSignal): Promise<V | E> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#waiting.length === 0 && this.#ready(this.#source)) {
      try {
        return Promise.resolve(take(this.#source));
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (this.#ended) return this.#error === undefined ? Promise.resolve(atEnd) : Promise.reject(this.#error);
    return new Promise<V | E>((resolve, reject) => {
      const waiter: Waiter<S> = { resolve: resolve as (value: unknown) => void, reject, take, atEnd };
      this.#waiting.push(waiter);
      if (signal) this.#abortable(waiter, signal);
    });
  }

  /** Serves those who wait, as far as there is something. */
  serve(): void {
    while (this.#waiting.length > 0 && this.#ready(this.#source)) {
      const waiter = this.#waiting.shift()!;
      try {
        waiter.resolve(waiter.take(this.#source));
      } catch (error) {
        waiter.reject(error);
      }
    }
  }

  /** Nothing comes any more, because of `error` if there is one. The first end counts. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const waiter of this.#waiting.splice(0)) {
      if (error === undefined) waiter.resolve(waiter.atEnd);
      else waiter.reject(error);
    }
  }

  #abortable(waiter: Waiter<S>, signal: AbortSignal): void {
    const { resolve, reject } = waiter;
    const abort = () => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    waiter.resolve = (value) => {
      signal.removeEventListener('abort', abort);
      resolve(value);
    };
    waiter.reject = (error) => {
      signal.removeEventListener('abort', abort);
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
    return this.#left ? Promise.resolve(DONE) : this.#readers.read(this.#take, DONE);
  }

  return(): Promise<IteratorResult<V, undefined>> {
    this.#left = true;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
