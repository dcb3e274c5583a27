import { PipeDuplex, type PipeDuplexOptions } from './duplex.ts';
import { PipeError } from './errors.ts';
import { type FrameBatch, FrameQueue } from './frames.ts';
import type { Framing } from './framing/framing.ts';
import { type AsClient, type ClientUser, Impersonation } from './impersonation/impersonation.ts';
import { addConnection, type ConnectionEvents, forget, loop, request } from './loop.ts';
import { abortSignal, type Direction, milliseconds } from './options.ts';
import { deferred, orAborted } from './promises.ts';
import { ReaderIterator, Readers } from './readers.ts';
import { Sender } from './sender.ts';

/** The process on the other side, as the operating system named it when the connection was made. */
export interface Peer {
  /** Its process id. For information: ids are used again once a process has ended. */
  readonly pid: number;
  /** Windows: its session. */
  readonly sessionId?: number;
  /** Linux: its user id. */
  readonly uid?: number;
  /** Linux: its group id. */
  readonly gid?: number;
}

/** What went over a connection so far. */
export interface ConnectionStats {
  /** Bytes that have arrived, with headers and delimiters. */
  readonly bytesReceived: number;
  /** Bytes that the operating system has taken, with headers and delimiters. */
  readonly bytesSent: number;
  /** Complete frames that have arrived. */
  readonly framesReceived: number;
  /** Frames that were accepted for sending. */
  readonly framesSent: number;
  /** Bytes that have arrived and were not consumed yet. */
  readonly available: number;
}

/** How a connection came to be. @internal */
export interface ConnectionOrigin<T> {
  id: number;
  path: string;
  framing: Framing<T>;
  highWaterMark: number;
  side: 'server' | 'client';
  direction: Direction;
}

const DEFAULT_CLOSE_TIMEOUT = 5000;
/** Bytes taken before native code is told: a crossing for each frame would be felt, and it need not know at once. */
const TELL_FROM = 64 * 1024;

/** What native code answers in: it makes no array for it. */
const numbers = new Float64Array(4);
let lastNumber = 0;

/**
 * One end of a pipe. Frames come by `for await`, {@link read} or {@link batches} and go by {@link send}.
 * Made by `connect` and by a {@link PipeServer}; T is what its framing yields.
 */
export class PipeConnection<T = Buffer> implements AsyncIterable<T>, AsyncDisposable {
  /** Distinguishes this connection from all others of the process, for logs. */
  readonly id: number = ++lastNumber;
  /** The pipe's path: `\\.\pipe\NAME`, or the socket's. */
  readonly path: string;
  /** The process on the other side. Stays known after the end. */
  readonly peer: Peer;
  /**
   * Settles when the connection has ended and its handle is released, whoever ended it: resolves when that was in
   * good order (either side closed), rejects with the error otherwise. Never an unhandled rejection.
   */
  readonly closed: Promise<void>;

  readonly #handle: number;
  readonly #direction: Direction;
  readonly #side: 'client' | 'server';
  readonly #highWaterMark: number;
  readonly #frames: FrameQueue<T>;
  readonly #readers: Readers;
  readonly #sender: Sender<T>;
  readonly #impersonation: Impersonation;
  readonly #take = (): T => this.#frames.shift();
  #untold = 0;
  #state: 'open' | 'closing' | 'released' = 'open';
  #error: unknown;
  #released = deferred();
  #finalStats: ConnectionStats | undefined;

  /** @internal */
  constructor({ id, path, framing, highWaterMark, side, direction }: ConnectionOrigin<T>) {
    this.#handle = id;
    this.path = path;
    this.#highWaterMark = highWaterMark;
    this.#frames = new FrameQueue(framing, (bytes) => this.#consumed(bytes));
    this.#readers = new Readers(() => !this.#frames.empty);
    this.#sender = new Sender(id, path, framing, highWaterMark);
    this.#direction = direction;
    this.#side = side;
    if (direction === 'in') this.#sender.askAlways();
    this.#impersonation = new Impersonation(id, path, side);
    this.closed = this.#released.promise;
    this.closed.catch(() => {});
    this.peer = peerOf(id);
    addConnection(id, this.#events());
  }

  /**
   * The next frame, or `null` when the peer has closed and all was read. Several may wait: they are served in order.
   * Rejects with a PipeError `ERR_FRAME_TRUNCATED`, `ERR_FRAME_TOO_LARGE` or `ERR_FRAME_INVALID` when the stream
   * breaks its framing, with the signal's reason when it aborts; an aborted read loses nothing.
   */
  read({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<T | null> {
    return this.#readers.read(this.#take, null, abortSignal(signal));
  }

  /** Frames in order until the peer closes. Leaving the loop closes nothing: what was not consumed stays readable. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new ReaderIterator(this.#readers, this.#take);
  }

  /** The frames that have arrived, at once, again and again until the peer closes: the fast way for small frames. */
  batches(): AsyncIterableIterator<FrameBatch<T>> {
    return new ReaderIterator(this.#readers, () => this.#frames.shiftBatch());
  }

  /** Bytes that have arrived and were not consumed yet, in complete frames. */
  get available(): number {
    return this.#frames.bytes;
  }

  /**
   * Sends one frame: a `Uint8Array`, or what the framing's `as` says. Its bytes are copied: the caller may use them
   * again at once. Resolves when the frame is accepted, which is at once unless more than `highWaterMark` bytes are
   * queued. Rejects, with nothing written, when the frame does not fit its framing (`ERR_FRAME_TOO_LARGE`,
   * `ERR_FRAME_INVALID`), and with `EPIPE` when the connection has ended.
   */
  send(frame: T | Uint8Array): Promise<void> {
    return this.#sender.send(frame);
  }

  /** Sends many frames with one crossing into native code: all of them or, when one is refused, none. Else as {@link send}. */
  sendMany(frames: Iterable<T | Uint8Array>): Promise<void> {
    return this.#sender.sendMany(frames);
  }

  /**
   * Resolves when the peer has read everything that was sent before (Windows: `FlushFileBuffers`; Linux: `SIOCOUTQ`).
   * Blocks no thread of JavaScript's. Rejects with `EPIPE` when the peer leaves first, and with the signal's reason.
   */
  waitForDrain({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (abortSignal(signal)?.aborted) return Promise.reject(signal!.reason);
    if (this.#state === 'released') return Promise.reject(this.#ended('write'));
    let abort: (() => void) | undefined;
    const drained = request<void>((id) => {
      abort = () => {
        loop.cancelDrain(this.#handle, id);
        forget(id);
      };
      return loop.waitForDrain(this.#handle, id);
    }, this.path);
    return signal ? orAborted(drained, signal, () => abort!()) : drained;
  }

  /**
   * Closes gracefully: what was sent goes out, and stays readable for the peer after the close; frames that were not
   * read are dropped. Resolves when the handle is released. A peer that does not read holds it for `timeout` ms
   * (default 5,000; `Infinity` allowed): then what it did not take is dropped, and `close` rejects with `ETIMEDOUT`.
   */
  async close({ timeout = DEFAULT_CLOSE_TIMEOUT }: { timeout?: number | undefined } = {}): Promise<void> {
    milliseconds('timeout', timeout);
    if (this.#state === 'open') {
      this.#stop();
      loop.close(this.#handle);
    }
    if (this.#state === 'released') return;
    const timer =
      timeout === Infinity ? undefined : setTimeout(() => this.#abandon(timeout), Math.min(timeout, 0x7fff_ffff));
    try {
      await this.closed;
    } catch (error) {
      // The peer's leaving first is an end, too; what could not be delivered is not kept silent.
      if (error instanceof PipeError && error.code === 'ETIMEDOUT') throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection at once; what was not written yet is dropped. `closed` and reads that wait reject with `error`, if given. */
  destroy(error?: unknown): void {
    if (this.#state === 'released') return;
    this.#error ??= error;
    this.#stop(error);
    loop.destroy(this.#handle);
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Acts as the client; server side only. Calls `fn` with this thread being the client, so that synchronous code in it
   * acts with the client's rights, and hands it the asynchronous operations to `await`. The thread is itself again
   * before anything else runs. Resolves or rejects as `fn` does. Rejects, and does not call `fn`, with
   * `ERR_PIPE_CANNOT_IMPERSONATE` when the client offered too little (its `impersonation` option) or this process may
   * not become another user, and with `ERR_PIPE_ASYNC_WITHOUT_CLIENT` for an async `fn` that does not take `as`.
   * Windows: `ImpersonateNamedPipeClient`. Linux: the credentials of this one thread.
   */
  runAsClient<R>(fn: (as: AsClient) => R | PromiseLike<R>): Promise<R> {
    return this.#impersonation.run(fn);
  }

  /** Who the client is: its account, as the operating system knows it. Server side only. */
  peerUser(): Promise<ClientUser> {
    return this.#impersonation.user();
  }

  /**
   * A Node stream of the connection's bytes, for `pipeline`, `http.Server.emit('connection', …)` and the like: use it
   * with `framing.raw()`, and read and write through the stream only from then on. See {@link PipeDuplex}.
   */
  toDuplex(this: PipeConnection<Buffer>, options: PipeDuplexOptions = {}): PipeDuplex {
    return new PipeDuplex(this, options, {
      direction: this.#direction,
      side: this.#side,
      endSending: async () => (await request<number>((id) => loop.endSending(this.#handle, id), this.path)) === 1,
    });
  }

  /** The connection keeps the process alive while it is open: the default. */
  ref(): this {
    loop.keepAlive(this.#handle, true);
    return this;
  }

  /** The process may end although this connection is open. */
  unref(): this {
    loop.keepAlive(this.#handle, false);
    return this;
  }

  /** What went over the connection so far. */
  stats(): ConnectionStats {
    return this.#finalStats ?? this.#stats();
  }

  // What native code tells. Not methods, so that nobody else can call them.
  #events(): ConnectionEvents {
    return {
      path: this.path,
      framesArrived: (slab, table, from, count) => {
        if (this.#state !== 'open') return;
        this.#frames.push(slab, table, from, count);
        this.#readers.serve();
      },
      ended: (error) => {
        this.#error ??= error;
        this.#sender.askAlways();
        this.#readers.end(error);
      },
      unsent: (error) => {
        this.#error ??= error;
      },
      drained: () => this.#sender.drained(),
      released: (error) => this.#wasReleased(error),
    };
  }

  #wasReleased(error: PipeError | undefined): void {
    this.#finalStats = this.#stats(); // the last moment: native code forgets the connection after this
    this.#state = 'released';
    this.#error ??= error;
    this.#impersonation.release();
    this.#readers.end(this.#error);
    this.#sender.end(() => this.#ended('write'));
    if (this.#error === undefined) this.#released.resolve();
    else this.#released.reject(this.#error);
  }

  #consumed(bytes: number): void {
    this.#untold += bytes;
    if (this.#untold < TELL_FROM && this.#untold < this.#highWaterMark / 4) return;
    loop.consumed(this.#handle, this.#untold);
    this.#untold = 0;
  }

  #stop(error?: unknown): void {
    this.#state = 'closing';
    this.#frames.clear();
    this.#readers.end(error);
    this.#sender.end(() => this.#ended('write'));
  }

  #abandon(timeout: number): void {
    const message = `close ETIMEDOUT ${this.path}: the peer did not read what was sent within ${timeout} ms; the rest is dropped`;
    this.destroy(new PipeError('ETIMEDOUT', message, { syscall: 'close', path: this.path }));
  }

  #ended(syscall: string): PipeError {
    const why = this.#state === 'closing' ? 'this side closed the connection' : 'the connection has ended';
    return new PipeError('EPIPE', `${syscall} EPIPE ${this.path}: ${why}`, {
      syscall,
      path: this.path,
      cause: this.#error,
    });
  }

  #stats(): ConnectionStats {
    loop.traffic(this.#handle, numbers);
    const {
      0: bytesReceived,
      1: bytesSent,
      2: framesReceived,
      3: framesSent,
    } = numbers as unknown as [number, number, number, number];
    return { bytesReceived, bytesSent, framesReceived, framesSent, available: this.available };
  }
}

function peerOf(handle: number): Peer {
  loop.peer(handle, numbers);
  const { 0: pid, 1: sessionId, 2: uid, 3: gid } = numbers as unknown as [number, number, number, number];
  return Object.freeze({
    pid,
    ...(sessionId >= 0 && { sessionId }),
    ...(uid >= 0 && { uid, gid }),
  });
}
