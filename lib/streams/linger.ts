// Behind a stream's end() where the peer cannot see it (Windows): its answer is waited for, and then the pipe is closed.
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import type { PipeConnection } from '../connection.ts';
import type { Incoming } from './incoming.ts';

const LONGEST_TIMER = 0x7fff_ffff;

export class Linger {
  readonly #stream: Duplex;
  readonly #connection: PipeConnection<Buffer>;
  readonly #incoming: Incoming;
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  /** Closes after `ms` of silence. */
  constructor(stream: Duplex, connection: PipeConnection<Buffer>, incoming: Incoming, ms: number) {
    this.#stream = stream;
    this.#connection = connection;
    this.#incoming = incoming;
    this.#ms = Math.min(ms, LONGEST_TIMER);
  }

  /** All has gone out, and the peer does not know that nothing follows. */
  async begin(): Promise<void> {
    if (!this.#hasReader()) return this.#closeBehindAll();
    // Its silence counts from when it has read the question.
    await this.#connection.waitForDrain().catch(() => {});
    if (this.#stream.readableEnded || this.#stream.destroyed) return;
    this.#timer = setTimeout(() => this.#lingered(), this.#ms).unref();
  }

  refresh(): void {
    this.#timer?.refresh();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  // As in PipeConnection's close(): what has happened meanwhile is looked at first.
  #lingered(): void {
    setImmediate(() => !this.#stream.destroyed && this.#closeUnlessBehind());
  }

  #closeUnlessBehind(): void {
    const isBehind = this.#stream.readableLength > 0 || this.#connection.available > 0 || this.#incoming.waits;
    if (isBehind) this.#timer!.refresh();
    else this.#closeBehindAll();
  }

  // What has arrived stays readable.
  #closeBehindAll(): void {
    while (this.#connection.available > 0) this.#incoming.pull();
    this.#connection.close({ timeout: Infinity }).catch(() => {});
    this.#incoming.pull();
  }

  #hasReader(): boolean {
    return this.#stream.readableFlowing !== null || this.#stream.listenerCount('readable') > 0;
  }
}
