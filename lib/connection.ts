import type { FrameBatch } from './batch.ts';
import { close } from './closing.ts';
import { type ConnectionStats, type Peer, statsFrom } from './description.ts';
import { endSending, waitForDrain } from './draining.ts';
import type { FrameQueue } from './frames.ts';
import type { AsClient, ClientUser } from './impersonation/impersonation.ts';
import { showsAs } from './inspecting.ts';
import { Life, type Origin, type Side } from './life.ts';
import { loop } from './loop.ts';
import { checked, type Names } from './option-names.ts';
import { boolean, type Channel, signalOf } from './options.ts';
import { nothing } from './promises.ts';
import { ReaderIterator } from './readers.ts';
import { ReusedBatches } from './reused-batches.ts';
import { PipeDuplex } from './streams/duplex.ts';
import type { PipeDuplexOptions } from './streams/options.ts';

const BATCHES: Names<{ reuse?: boolean | undefined }> = { reuse: true };

let lastNumber = 0;

/** What a connection is made of; `undefined` for whatever is none. @internal */
export let lifeOf: <T>(connection: unknown) => Life<T> | undefined;

/**
 * One end of a pipe. Frames come by `for await`, {@link read} or {@link batches} and go by {@link send}.
 * Made by `connect` and by a {@link PipeServer}; T is what its framing yields.
 */
export class PipeConnection<T = Buffer> implements AsyncIterable<T>, AsyncDisposable {
  /** Distinguishes this connection from all others of the process, for logs. */
  readonly id: number = ++lastNumber;
  /** The pipe's path: `\\.\pipe\NAME`, or the socket's. */
  readonly path: string;

  readonly #life: Life<T>;
  /** A stream reads and writes here. */
  #streams = false;

  /** @internal */
  constructor(id: number, channel: Channel<T>, side: Side, origin?: Origin) {
    this.path = channel.path;
    this.#life = new Life(this, id, channel, side, origin);
  }

  /** The process on the other side. Stays known after the end. */
  get peer(): Peer {
    return this.#life.peer;
  }

  /**
   * Settles when the connection has ended and its handle is released, whichever side ended it: resolves when that was in
   * good order (either side closed), rejects with the error otherwise. Never an unhandled rejection.
   */
  get closed(): Promise<void> {
    return this.#life.ending.closed;
  }

  /** `'closing'`: this side closes or destroys it. `'closed'`: it has ended, whichever side ended it. */
  get state(): 'open' | 'closing' | 'closed' {
    return this.#life.ending.state;
  }

  /**
   * Aborts when the connection has ended, whichever side ended it: for work that only the peer wanted. The reason is the
   * error with which `closed` rejects or, when it ended in good order, a PipeError `EPIPE`. Made when it is asked for.
   */
  get signal(): AbortSignal {
    return this.#life.ending.signal;
  }

  /**
   * The next frame, or `null` when the peer has closed and all was read. Several may wait: they are served in order.
   * Rejects with a PipeError `ERR_FRAME_TRUNCATED`, `ERR_FRAME_TOO_LARGE` or `ERR_FRAME_INVALID` when the stream
   * breaks its framing, with the signal's reason when it aborts; an aborted read loses nothing.
   */
  read(options?: { signal?: AbortSignal | undefined }): Promise<T | null> {
    this.#life.claim();
    try {
      return this.#life.readers.read(takeFrame<T>, null, options === undefined ? options : signalOf('read', options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Frames in order until the peer closes. Leaving the loop closes nothing: frames not consumed stay readable. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    this.#life.claim();
    return new ReaderIterator(this.#life.readers, nextFrame<T>);
  }

  /**
   * The frames that have arrived, at once, again and again until the peer closes: the fast way for small frames. `reuse`:
   * the memory of a batch is used again once the next one is asked for: then its `length` is 0, `at` throws, and Buffers that
   * were taken from it change, so copy what is to last. That saves the system much memory for long frames. The batch with
   * which the loop is left stays as it is. Default: `false`.
   */
  batches(options: { reuse?: boolean | undefined } = {}): AsyncIterableIterator<FrameBatch<T>> {
    const { reuse = false } = checked('batches', options, BATCHES);
    boolean('reuse', reuse);
    this.#life.claim();
    if (reuse) return new ReusedBatches(this.#life, this.#life.readers);
    return new ReaderIterator(this.#life.readers, nextBatch<T>);
  }

  /** Bytes that have arrived and were not consumed yet, in complete frames, with their headers and delimiters. */
  get available(): number {
    return this.#life.frames.available;
  }

  /** All was read, and nothing more comes: tells the end from a JSON `null`, when {@link read} gives `null`. */
  get ended(): boolean {
    return this.#life.readers.ended && this.#life.frames.empty;
  }

  /** Bytes that were accepted for sending and that the system has not taken yet, with headers and delimiters. */
  get queued(): number {
    return this.#life.queued;
  }

  /**
   * Sends one frame: a `Uint8Array`, or what the framing's `as` says. Its bytes are copied: the caller may use them
   * again at once. Resolves when the frame is accepted, which is at once unless more than `highWaterMark` bytes are
   * queued. Rejects, with nothing written, when the frame does not fit its framing (`ERR_FRAME_TOO_LARGE`,
   * `ERR_FRAME_INVALID`), and with `EPIPE` when the connection has ended. With the signal's reason when it has aborted, and
   * then nothing is sent; an abort while the caller waits ends the wait alone: the frame is on its way.
   */
  send(frame: T | Uint8Array, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    return options === undefined ? this.#life.sender.send(frame) : this.#life.sender.sendUnless(frame, options);
  }

  /**
   * Sends many frames with one crossing into native code: all of them or, when one is refused, none. Else as {@link send}.
   * A {@link FrameBatch}, of any connection, is forwarded without making frames of it: the bytes of each frame as they came,
   * encoded for this connection's framing. What `as` says on either side does not matter to them; nothing is parsed.
   */
  sendMany(frames: Iterable<T | Uint8Array> | FrameBatch<unknown>): Promise<void> {
    return this.#life.sender.sendMany(frames);
  }

  /**
   * Resolves when the peer has read everything that was sent before (Windows: `FlushFileBuffers`; Linux: `SIOCOUTQ`).
   * Blocks no thread of JavaScript's. Rejects with `EPIPE` when the peer leaves first, and with the signal's reason.
   */
  async waitForDrain(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const signal = signalOf('waitForDrain', options);
    signal?.throwIfAborted();
    const { ending } = this.#life;
    if (ending.state !== 'open') throw ending.refusal('waitForDrain');
    await waitForDrain(this.#life, signal);
  }

  /**
   * Sends no more, and goes on receiving. Resolves when all that was sent has gone out, to whether the peer can see that
   * nothing follows. Unix sockets: always (`shutdown`). Windows: only with `framing.raw()` or `custom()` on a pipe of
   * messages, such as Docker's, where an empty message says so; its pipes have nothing else to say it with. Rejects with `EPIPE` when the
   * connection has ended, and when it was called before; as with {@link send}, that is no unhandled rejection.
   */
  end(): Promise<boolean> {
    const ended = this.#endSending();
    ended.catch(nothing); // `closed` tells it, too
    return ended;
  }

  /**
   * Closes gracefully: everything sent goes out, and stays readable for the peer after the close; frames that were not
   * read are dropped. Resolves when the handle is released. A peer that does not read holds it for `timeout` ms
   * (default 5,000; `Infinity` allowed): then `close` drops the rest and rejects with `ETIMEDOUT`.
   */
  close(options?: { timeout?: number | undefined }): Promise<void> {
    return close(this.#life, options);
  }

  /** Ends the connection at once; bytes not written yet are dropped. `closed` and reads that wait reject with `error`, if given. */
  destroy(error?: unknown): void {
    this.#life.destroy(error);
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
   * not become another user, and with `ERR_PIPE_ASYNC_WITHOUT_CLIENT` when its work would go on as the server: for an async
   * `fn` that does not take `as`, an asynchronous function of `node:fs` that it calls, a promise though it never used `as`.
   * Windows: `ImpersonateNamedPipeClient`. Linux: the credentials of this one thread.
   */
  runAsClient<R>(fn: (as: AsClient) => R | PromiseLike<R>): Promise<R> {
    this.#life.claim();
    return this.#life.client.run(fn);
  }

  /** The client's account, as the operating system knows it. Server side only. */
  peerUser(): Promise<ClientUser> {
    return this.#life.client.user();
  }

  /**
   * A Node stream of the connection's bytes, for `pipeline`, `http.Server.emit('connection', …)` and the like: use it
   * with `framing.raw()`, and read and write through the stream only from then on. See {@link PipeDuplex}. Throws
   * `EINVAL` for another framing, and when the connection has a stream already.
   */
  toDuplex(this: PipeConnection<Buffer>, options: PipeDuplexOptions = {}): PipeDuplex {
    const { framing, direction } = this.#life.channel;
    const stream = new PipeDuplex(this, options, {
      framing,
      direction,
      streams: this.#streams,
      side: this.#life.side,
      path: this.path,
    });
    this.#streams = true;
    return stream;
  }

  /** The connection keeps the process alive while it is open: the default. */
  ref(): this {
    loop.keepAlive(this.#life.number, true);
    return this;
  }

  /** The process may end although this connection is open. */
  unref(): this {
    loop.keepAlive(this.#life.number, false);
    return this;
  }

  /** Counts of the traffic so far. */
  stats(): ConnectionStats {
    return statsFrom(this.#life.description, this.available);
  }

  static {
    lifeOf = <T>(one: unknown) =>
      typeof one === 'object' && one !== null && #life in one ? (one.#life as unknown as Life<T>) : undefined;
    showsAs<PipeConnection<unknown>>(PipeConnection, (connection) => {
      const { id, path, state, peer, available, queued } = connection;
      const { error } = connection.#life.ending;
      return { id, path, state, peer, available, queued, ...(error !== undefined && { error }) };
    });
  }

  async #endSending(): Promise<boolean> {
    const { ending, sender } = this.#life;
    if (ending.begun) throw ending.refusal('write');
    sender.refuseMore();
    return endSending(this.#life);
  }
}

// For all connections' readers.
const takeFrame = <T>(frames: FrameQueue<T>) => frames.shift();
const nextFrame = <T>(frames: FrameQueue<T>) => ({ done: false as const, value: frames.shift() });
const nextBatch = <T>(frames: FrameQueue<T>) => ({ done: false as const, value: frames.shiftBatch() });
