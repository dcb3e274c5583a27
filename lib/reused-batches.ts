// batches({ reuse: true }): each batch is lent until the next one is asked for, and then its memory is filled again.
import { markAsUntransferable } from 'node:worker_threads';
import { type FrameBatch, takeBack } from './batch.ts';
import type { FrameQueue } from './frames.ts';
import type { Numbered } from './handles.ts';
import { loop } from './loop.ts';
import { ReaderIterator, type Readers } from './readers.ts';

export class ReusedBatches<T> implements AsyncIterableIterator<FrameBatch<T>, undefined> {
  readonly #connection: Numbered;
  readonly #batches: ReaderIterator<FrameQueue<T>, FrameBatch<T>>;
  /** More than one when several were asked for at once. */
  #lent: FrameBatch<T>[] = [];

  constructor(connection: Numbered, readers: Readers<FrameQueue<T>>) {
    this.#connection = connection;
    this.#batches = new ReaderIterator(readers, (frames) => {
      const value = frames.shiftBatch();
      this.#lent.push(value);
      return { done: false, value };
    });
  }

  next(): Promise<IteratorResult<FrameBatch<T>, undefined>> {
    for (const batch of this.#lent) this.#giveBack(batch);
    this.#lent.length = 0;
    return this.#batches.next();
  }

  /** The latest batch stays as it is. */
  return(): Promise<IteratorResult<FrameBatch<T>, undefined>> {
    return this.#batches.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // What lies in a slab with frames of others, or with frames that somebody has read one by one, stays there.
  #giveBack(batch: FrameBatch<T>): void {
    const slab = takeBack(batch);
    if (!slab) return;
    markAsUntransferable(slab.memory); // views of it may be left: the next frames in it must not go with them
    loop.giveBack(this.#connection.number, slab.bytes);
  }
}
