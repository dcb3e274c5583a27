// A stream's connection while it is being made: what is asked of the stream meanwhile waits for it.
import type { PipeConnection } from '../connection.ts';
import { PipeError } from '../errors.ts';

/** Connects; the signal aborts when nobody wants the connection any more. */
export type Connect = (signal: AbortSignal) => Promise<PipeConnection<Buffer>>;

interface Asked {
  go(): void;
  refuse(error: Error): void;
}

export class Opening {
  readonly #path: string;
  readonly #cancelling = new AbortController();
  #asked: Asked[] = [];

  /** One of them is called, unless it is cancelled: outside of all promises, so that what it throws is an uncaught exception. */
  constructor(
    path: string,
    connect: Connect,
    made: (connection: PipeConnection<Buffer>) => void,
    failed: (error: Error) => void,
  ) {
    this.#path = path;
    connect(this.#cancelling.signal).then(
      (connection) => process.nextTick(() => (this.cancelled ? connection.destroy() : made(connection))),
      (error) => process.nextTick(() => this.cancelled || failed(error)),
    );
  }

  get cancelled(): boolean {
    return this.#cancelling.signal.aborted;
  }

  /** Calls `go` when the connection stands, or `refuse` when it is cancelled. */
  whenOpen(go: () => void, refuse: (error: Error) => void = () => {}): void {
    this.#asked.push({ go, refuse });
  }

  /** Each for itself: one of them may throw. */
  opened(): void {
    for (const { go } of this.#asked) process.nextTick(go);
    this.#asked = [];
  }

  /** `cause`: why, if something went wrong. */
  cancel(cause: Error | null): void {
    this.#cancelling.abort();
    const path = this.#path;
    const message = `write EPIPE ${path}: the stream was destroyed before it was connected`;
    const error = new PipeError('EPIPE', message, { syscall: 'write', path, cause: cause ?? undefined });
    for (const { refuse } of this.#asked) process.nextTick(refuse, error);
    this.#asked = [];
  }
}
