// A connection's end: its state, `closed`, `signal`, and the error of calls that come too late.
import { PipeError } from './errors.ts';
import { abortSoon, type Deferred, deferred, nothing } from './promises.ts';

export class Ending {
  readonly #path: string;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #here = false;
  /** Why nothing can be asked of the connection any more. The first reason counts. */
  #why: string | undefined;
  #error: unknown;
  /** Why accepted frames could not be sent: what the connection came to, unless its end has a reason of its own. */
  #unsent: PipeError | undefined;
  // Made when they are asked for, as most connections' are not.
  #closed: Deferred | undefined;
  #signal: AbortController | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get state(): 'open' | 'closing' | 'closed' {
    return this.#state;
  }

  /** Nothing can be asked of the connection any more. */
  get begun(): boolean {
    return this.#why !== undefined;
  }

  /** This side has closed or destroyed it, maybe only after the end. */
  get here(): boolean {
    return this.#here;
  }

  get error(): unknown {
    return this.#error;
  }

  get closed(): Promise<void> {
    if (!this.#closed) {
      this.#closed = deferred();
      if (this.#state === 'closed') this.settle();
    }
    return this.#closed.promise;
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      this.#signal = new AbortController();
      if (this.#state === 'closed') this.#signal.abort(this.#reason());
    }
    return this.#signal.signal;
  }

  /** What went wrong. The first error counts; null, as callbacks say it, is none. */
  failed(error: unknown): void {
    this.#error ??= error;
  }

  /** Frames that were accepted cannot be sent. Why that is so, the end tells better, if it tells. */
  unsent(error: PipeError): void {
    this.#unsent ??= error;
  }

  /** This side closes or destroys it. */
  begin(): void {
    this.#here = true;
    if (this.#state === 'open') this.#state = 'closing';
    this.#why ??= 'this side closed the connection';
  }

  /** Its handle is released. */
  finish(error: PipeError | undefined): void {
    this.#state = 'closed';
    this.#why ??= error === undefined || error.code === 'EPIPE' ? 'the peer has left' : 'the connection has failed';
    this.#error ??= error ?? this.#unsent;
    if (this.#signal) abortSoon(this.#signal, this.#reason());
  }

  /** Tells who waits for `closed`: after all others, when it is finished. */
  settle(): void {
    if (!this.#closed) return;
    const { promise, resolve, reject } = this.#closed;
    if (this.#error === undefined) {
      resolve();
    } else {
      promise.catch(nothing);
      reject(this.#error);
    }
  }

  /** Why `syscall` cannot be done. In the words of native code, which may know it before this side is told. */
  refusal(syscall: string, why: string | undefined = this.#why): PipeError {
    return new PipeError('EPIPE', `${syscall} EPIPE ${this.#path}: ${why}`, {
      syscall,
      path: this.#path,
      cause: this.#error,
    });
  }

  /**
   * The error of a call that the end cut short, with what the connection came to as its cause: native code, which knows
   * only words, tells the end first.
   */
  explained(error: unknown): unknown {
    const cause = this.#error;
    if (error instanceof PipeError && error.code === 'EPIPE' && cause !== undefined && error !== cause)
      Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
    return error;
  }

  #reason(): unknown {
    return this.#error ?? new PipeError('EPIPE', `EPIPE ${this.#path}: ${this.#why}`, { path: this.#path });
  }
}
