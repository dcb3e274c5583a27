// Connections to one name, the next one when the last has ended.
import { Backoff, type Pauses } from './backoff.ts';
import { type ConnectPlan, carryOut, connectPlan } from './connect.ts';
import { lifeOf, type PipeConnection } from './connection.ts';
import { DIRECTIONS } from './constants.ts';
import { PipeError } from './errors.ts';
import { asServerLater } from './impersonation/acting-fs.ts';
import { tellTryingAgain } from './observing.ts';
import { checked, type Names } from './option-names.ts';
import { CONNECT, type ConnectOptions } from './options.ts';
import { nothing, onAbort, pause, unlessAborted } from './promises.ts';

/** For {@link reconnect}: those of `connect`, which are those of each attempt, and when to try again. */
export interface ReconnectOptions<T = Buffer> extends ConnectOptions<T> {
  /**
   * Pauses in ms, 1…2,147,483,647 each. A pause is of a random length, from `min` up to a limit, which is twice `min` at first, and
   * doubles, up to `max`, with each attempt that fails and with each connection that ends. One that has lasted longer than the
   * next pause may be takes the limit back to twice `min`. Default: `{ min: 100, max: 2000 }`.
   */
  backoff?: Pauses | undefined;
  /** Ends the iteration when it aborts, which rejects with the signal's reason; and closes the connection that is open. */
  signal?: AbortSignal | undefined;
}

const RECONNECT: Names<ReconnectOptions<unknown>> = { ...CONNECT, backoff: true };
const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
/** Trying again would not cure it. Nor those of our own, such as ERR_PIPE_UNTRUSTED_SERVER. */
const LASTING = new Set(['EINVAL', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ENOTSUP', 'ENOTSOCK', 'EPROTOTYPE']);

/**
 * Connections to the same name, the next one when the last has ended: `for await (const pipe of reconnect(name))`. Waits, with
 * pauses (`backoff`), for a server that is absent, busy, or on a host that cannot be reached, as long as it takes or until `signal`
 * aborts. Each connection that ends is seen to end: its frames end, its `closed` settles, and the loop goes round.
 *
 * The iteration rejects with what waiting does not cure: `EACCES`, `ERR_PIPE_UNTRUSTED_SERVER`, `EPROTOTYPE`, `ENOTSOCK`, `EINVAL`
 * for an account in `serverOwner` that does not exist; and with the signal's reason.
 *
 * Throws a PipeError `EINVAL` or `ENAMETOOLONG` for an invalid name or option.
 *
 * @param name as for `connect`.
 */
export function reconnect<T = Buffer>(name: string, options: ReconnectOptions<T> = {}): ReconnectIterator<T> {
  const { backoff, ...others } = checked('reconnect', options, RECONNECT);
  return new ReconnectIterator(connectPlan(name, others), new Backoff(backoff ?? {}));
}

/** What {@link reconnect} gives. To be iterated once; nothing is connected before. */
export class ReconnectIterator<T = Buffer> implements AsyncIterableIterator<PipeConnection<T>>, AsyncDisposable {
  readonly #plan: ConnectPlan<T>;
  readonly #backoff: Backoff;
  readonly #signal: AbortSignal | undefined;
  /** Calls off what next() waits for. */
  readonly #stop = new AbortController();
  /** Makes the signal forget it. */
  #forget: (() => void) | undefined;
  /** The calls of next() so far, each behind the one before it. */
  #calls: Promise<unknown> | undefined;
  #current: PipeConnection<T> | undefined;
  /** Settles when the current connection, or the last one, has ended. */
  #ended: Promise<void> | undefined;
  /** When the next attempt is due, as performance.now() says it. */
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  #keepsAlive = true;
  #over = false;
  /** Of an iteration that began inside runAsClient: all but its first attempt would be made as the server. */
  #refusal: PipeError | undefined;

  /** @internal */
  constructor(plan: ConnectPlan<T>, backoff: Backoff) {
    this.#plan = { ...plan, signal: this.#stop.signal };
    this.#backoff = backoff;
    this.#signal = plan.signal;
  }

  /**
   * The next connection, when the last has ended; it closes one whose peer has ended and of which all was read, or as soon as it
   * is. Several calls are served one after the other. Inside `runAsClient` it tries once, as the client.
   */
  next(): Promise<IteratorResult<PipeConnection<T>, undefined>> {
    const refusal = asServerLater('reconnect');
    if (!this.#calls) this.#begin(refusal);
    else if (refusal) return Promise.reject(refusal);
    const next = this.#calls ? this.#calls.then(() => this.#next()) : this.#next();
    this.#calls = next.catch(nothing);
    return next;
  }

  /** Leaves the loop: calls off what it waits for, and closes the connection that is open, as its `close()` does. */
  async return(): Promise<IteratorResult<PipeConnection<T>, undefined>> {
    this.#finish();
    await this.#current?.close();
    return DONE;
  }

  /** The same as {@link return}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Pauses, and the connections that it makes, keep the process alive: the default. */
  ref(): this {
    this.#keepsAlive = true;
    this.#timer?.ref();
    this.#current?.ref();
    return this;
  }

  /** The process may end during a pause, and although a connection is open. An attempt that waits for a busy pipe keeps it. */
  unref(): this {
    this.#keepsAlive = false;
    this.#timer?.unref();
    this.#current?.unref();
    return this;
  }

  #begin(refusal: PipeError | undefined): void {
    this.#refusal = refusal;
    const signal = this.#signal;
    if (!signal || this.#over) return;
    const abort = () => {
      this.#stop.abort(signal.reason);
      this.#current?.close().catch(nothing); // its `closed` tells
    };
    if (signal.aborted) abort();
    else this.#forget = onAbort(signal, abort);
  }

  #finish(): void {
    this.#over = true;
    this.#forget?.();
    this.#stop.abort();
  }

  async #next(): Promise<IteratorResult<PipeConnection<T>, undefined>> {
    if (this.#over) return DONE;
    try {
      return { done: false, value: await this.#connect() };
    } catch (error) {
      if (this.#over) return DONE;
      this.#finish();
      throw error;
    }
  }

  // Until it has come to something. The first attempt is made at once, in the caller's turn.
  async #connect(): Promise<PipeConnection<T>> {
    const { signal } = this.#stop;
    if (this.#ended) await this.#lastToEnd(this.#ended);
    for (;;) {
      for (let left: number; (left = this.#due - performance.now()) > 0; ) await this.#pause(Math.ceil(left));
      try {
        return this.#made(await carryOut(this.#plan));
      } catch (error) {
        if (signal.aborted || isLasting(error)) throw error;
        if (this.#refusal) throw this.#refusal;
        this.#again(error);
      }
    }
  }

  async #lastToEnd(ended: Promise<void>): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    const last = this.#current;
    // The peer waits for us to end it, too: now or when somebody has read the rest. But there is no rest where nothing comes.
    if (last && this.#plan.channel.direction !== DIRECTIONS.out)
      lifeOf(last)!
        .readers.done.then(() => last.close())
        .catch(nothing);
    await unlessAborted(ended, this.#stop.signal);
  }

  #made(connection: PipeConnection<T>): PipeConnection<T> {
    const { signal } = this.#stop;
    if (signal.aborted) {
      connection.destroy();
      throw signal.reason;
    }
    if (!this.#keepsAlive) connection.unref();
    const since = performance.now();
    const ended = () => {
      this.#current = undefined;
      this.#backoff.lasted(performance.now() - since);
      this.#again();
    };
    this.#current = connection;
    this.#ended = connection.closed.then(ended, ended);
    return connection;
  }

  #again(error?: unknown): void {
    const ms = this.#backoff.next();
    this.#due = performance.now() + ms;
    if (!this.#over) tellTryingAgain(this.#plan.channel.path, ms, error);
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, this.#stop.signal, (timer) => {
      this.#timer = this.#keepsAlive ? timer : timer.unref();
    });
    this.#timer = undefined;
  }
}

function isLasting(error: unknown): boolean {
  return !(error instanceof PipeError) || error.code.startsWith('ERR_') || LASTING.has(error.code);
}
