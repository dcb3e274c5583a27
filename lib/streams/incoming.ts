// What arrives at a connection, on its way into its stream.
import type { Duplex } from 'node:stream';
import type { FrameBatch } from '../batch.ts';
import type { PipeConnection } from '../connection.ts';

export class Incoming {
  /** Bytes that were pushed so far. */
  bytes = 0;

  readonly #stream: Duplex;
  readonly #batches: AsyncIterator<FrameBatch<Buffer>>;
  readonly #told: () => void;
  /** What has arrived and was not pushed yet; undefined: the end. */
  readonly #arrived: (FrameBatch<Buffer> | undefined)[] = [];
  /** Of the first of them, so many chunks were pushed. */
  #pushed = 0;

  /** `told` is called before what has arrived is pushed. */
  constructor(stream: Duplex, connection: PipeConnection<Buffer>, told: () => void) {
    this.#stream = stream;
    this.#batches = connection.batches();
    this.#told = told;
  }

  /** Something has arrived that the stream was not given yet. */
  get waits(): boolean {
    return this.#arrived.length > 0;
  }

  /** What comes next is pushed when it is there: for the stream's `_read`. */
  pull(): void {
    this.#batches.next().then(
      ({ done, value }) => {
        this.#arrived.push(done ? undefined : value);
        if (this.#arrived.length === 1) process.nextTick(() => this.#deliver());
      },
      (error) => this.#stream.destroy(error),
    );
  }

  // Outside of all promises: what a listener throws is an uncaught exception, as it is with a socket, and the stream goes on.
  #deliver(after?: 'throw'): void {
    let thrown = true;
    try {
      for (; this.#arrived.length > 0 && !this.#stream.destroyed; this.#arrived.shift()) {
        const batch = this.#arrived[0];
        this.#told();
        if (batch) this.#pushAll(batch);
        else this.#ended();
      }
      // A throw kept Node from asking for more.
      if (after === 'throw' && !this.#stream.destroyed) this.#stream.read(0);
      thrown = false;
    } finally {
      if (thrown) process.nextTick(() => this.#deliver('throw'));
    }
  }

  #pushAll(batch: FrameBatch<Buffer>): void {
    while (this.#pushed < batch.length && !this.#stream.destroyed) {
      const chunk = batch.at(this.#pushed++)!;
      this.bytes += chunk.length;
      this.#stream.push(chunk);
    }
    this.#pushed = 0;
  }

  #ended(): void {
    this.#stream.push(null);
    this.#stream.read(0); // 'end' comes although nobody reads, if nothing is left to be read
  }
}
