import { closeTimeout, endWithin } from './closing.ts';
import { DIRECTIONS } from './constants.ts';
import { type ConnectionStats, Known, type Peer } from './description.ts';
import { endSending, waitForDrain } from './draining.ts';
import { Ending } from './ending.ts';
import type { PipeError } from './errors.ts';
import { type FrameBatch, FrameQueue } from './frames.ts';
import type { Framing } from './framing/framing.ts';
import { Handle } from './handles.ts';
import { type AsClient, type ClientUser, Impersonation } from './impersonation/impersonation.ts';
import { showsAs } from './inspecting.ts';
import { type Cut, type Intake, intakeFor } from './intake.ts';
import { addConnection, loop, tellConnections } from './loop.ts';
import type { FormerClient } from './native.ts';
import { tellEnded, tellImpersonating } from './observing.ts';
import { type Channel, signalOf } from './options.ts';
import { nothing } from './promises.ts';
import { ReaderIterator, Readers } from './readers.ts';
import { Sender } from './sender.ts';
import { PipeDuplex } from './streams/duplex.ts';
import type { PipeDuplexOptions } from './streams/options.ts';

type Side = 'server' | 'client';

/** The server of a connection, as far as it matters to that. */
export interface Origin {
  /** Told when the connection is released, before anybody else is. `number`: native code's. */
  forget(number: number): void;
  /** Somebody uses the connection with this id who need not have taken it: from then on it is taken. */
  claim(id: number): void;
}

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

  readonly #handle: Handle;
  readonly #channel: Channel<T>;
  readonly #side: Side;
  readonly #origin: Origin | undefined;
  /** Where frames are found on this side. */
  readonly #intake: Intake | undefined;
  readonly #frames: FrameQueue<T>;
  readonly #readers: Readers<FrameQueue<T>>;
  readonly #sender: Sender<T>;
  readonly #ending: Ending;
  readonly #known: Known;
  /** Nobody has begun to read, or acted as the client. */
  #unused = true;
  /** A stream reads and writes here. */
  #streams = false;
  /** Made when it is asked for, as most connections' is not. */
  #impersonation: Impersonation | undefined;
  /** Who the client was, from the end on until this side closes, too. */
  #formerClient: FormerClient | undefined;

  /** @internal */
  constructor(id: number, channel: Channel<T>, side: Side, origin?: Origin) {
    const { path, framing, highWaterMark, direction } = channel;
    this.#handle = new Handle(id);
    this.path = path;
    this.#channel = channel;
    this.#side = side;
    this.#origin = origin;
    this.#ending = new Ending(path);
    this.#known = new Known(this.#handle);
    this.#intake = intakeFor(this.#handle, path, framing as Framing<unknown>);
    this.#frames = new FrameQueue(this.#handle, path, framing, highWaterMark, this.#intake);
    this.#readers = new Readers(this.#frames, isReady);
    this.#sender = new Sender(this.#handle, path, framing, highWaterMark);
    if (direction === DIRECTIONS.in) this.#sender.onlyReceives();
    addConnection(id, this);
  }

  /** The process on the other side. Stays known after the end. */
  get peer(): Peer {
    return this.#known.peer;
  }

  /**
   * Settles when the connection has ended and its handle is released, whichever side ended it: resolves when that was in
   * good order (either side closed), rejects with the error otherwise. Never an unhandled rejection.
   */
  get closed(): Promise<void> {
    return this.#ending.closed;
  }

  /** `'closing'`: this side closes or destroys it. `'closed'`: it has ended, whichever side ended it. */
  get state(): 'open' | 'closing' | 'closed' {
    return this.#ending.state;
  }

  /**
   * Aborts when the connection has ended, whichever side ended it: for work that only the peer wanted. The reason is the
   * error with which `closed` rejects or, when it ended in good order, a PipeError `EPIPE`. Made when it is asked for.
   */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * The next frame, or `null` when the peer has closed and all was read. Several may wait: they are served in order.
   * Rejects with a PipeError `ERR_FRAME_TRUNCATED`, `ERR_FRAME_TOO_LARGE` or `ERR_FRAME_INVALID` when the stream
   * breaks its framing, with the signal's reason when it aborts; an aborted read loses nothing.
   */
  read(options: { signal?: AbortSignal | undefined } = {}): Promise<T | null> {
    if (this.#unused) this.#claim();
    try {
      return this.#readers.read(takeFrame<T>, null, signalOf('read', options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Frames in order until the peer closes. Leaving the loop closes nothing: frames not consumed stay readable. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    if (this.#unused) this.#claim();
    return new ReaderIterator(this.#readers, nextFrame<T>);
  }

  /** The frames that have arrived, at once, again and again until the peer closes: the fast way for small frames. */
  batches(): AsyncIterableIterator<FrameBatch<T>> {
    if (this.#unused) this.#claim();
    return new ReaderIterator(this.#readers, nextBatch<T>);
  }

  /** Bytes that have arrived and were not consumed yet, in complete frames, with their headers and delimiters. */
  get available(): number {
    return this.#frames.available;
  }

  /** All was read, and nothing more comes: tells the end from a JSON `null`, when {@link read} gives `null`. */
  get ended(): boolean {
    return this.#readers.ended && this.#frames.empty;
  }

  /** Bytes that were accepted for sending and that the system has not taken yet, with headers and delimiters. */
  get queued(): number {
    loop.takeOutbox();
    return this.#ending.state === 'closed' ? 0 : this.#known.queued;
  }

  /**
   * Sends one frame: a `Uint8Array`, or what the framing's `as` says. Its bytes are copied: the caller may use them
   * again at once. Resolves when the frame is accepted, which is at once unless more than `highWaterMark` bytes are
   * queued. Rejects, with nothing written, when the frame does not fit its framing (`ERR_FRAME_TOO_LARGE`,
   * `ERR_FRAME_INVALID`), and with `EPIPE` when the connection has ended. With the signal's reason when it has aborted, and
   * then nothing is sent; an abort while the caller waits ends the wait alone: the frame is on its way.
   */
  send(frame: T | Uint8Array, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    return options === undefined ? this.#sender.send(frame) : this.#sender.sendUnless(frame, options);
  }

  /** Sends many frames with one crossing into native code: all of them or, when one is refused, none. Else as {@link send}. */
  sendMany(frames: Iterable<T | Uint8Array>): Promise<void> {
    return this.#sender.sendMany(frames);
  }

  /**
   * Resolves when the peer has read everything that was sent before (Windows: `FlushFileBuffers`; Linux: `SIOCOUTQ`).
   * Blocks no thread of JavaScript's. Rejects with `EPIPE` when the peer leaves first, and with the signal's reason.
   */
  async waitForDrain(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const signal = signalOf('waitForDrain', options);
    signal?.throwIfAborted();
    if (this.#ending.state !== 'open') throw this.#ending.refusal('waitForDrain');
    await waitForDrain(this.#sending(), signal);
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
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    const timeout = closeTimeout(options);
    if (this.#ending.state === 'open') {
      this.#stop();
      loop.close(this.#handle.number);
    }
    if (this.#ending.state === 'closed') this.#forgetClient();
    else await endWithin(this, timeout);
  }

  /** Ends the connection at once; bytes not written yet are dropped. `closed` and reads that wait reject with `error`, if given. */
  destroy(error?: unknown): void {
    if (this.#ending.state === 'closed') {
      this.#forgetClient();
      return;
    }
    this.#ending.failed(error);
    this.#stop(error ?? undefined);
    loop.destroy(this.#handle.number);
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
    if (this.#unused) this.#claim();
    return this.#client().run(fn);
  }

  /** The client's account, as the operating system knows it. Server side only. */
  peerUser(): Promise<ClientUser> {
    return this.#client().user();
  }

  /**
   * A Node stream of the connection's bytes, for `pipeline`, `http.Server.emit('connection', …)` and the like: use it
   * with `framing.raw()`, and read and write through the stream only from then on. See {@link PipeDuplex}. Throws
   * `EINVAL` for another framing, and when the connection has a stream already.
   */
  toDuplex(this: PipeConnection<Buffer>, options: PipeDuplexOptions = {}): PipeDuplex {
    const { framing, direction } = this.#channel;
    const stream = new PipeDuplex(this, options, {
      framing,
      direction,
      streams: this.#streams,
      side: this.#side,
      path: this.path,
    });
    this.#streams = true;
    return stream;
  }

  /** The connection keeps the process alive while it is open: the default. */
  ref(): this {
    loop.keepAlive(this.#handle.number, true);
    return this;
  }

  /** The process may end although this connection is open. */
  unref(): this {
    loop.keepAlive(this.#handle.number, false);
    return this;
  }

  /** Counts of the traffic so far. */
  stats(): ConnectionStats {
    return this.#known.stats(this.available);
  }

  // What native code tells. Not methods, so that nobody else can call them.
  static {
    tellConnections<PipeConnection<unknown>>({
      framesArrived(connection, slab, shared, table, from, count) {
        if (connection.#ending.state !== 'open') return;
        if (connection.#intake) return connection.#cut(connection.#intake.arrived(slab, shared, table, from, count));
        connection.#frames.push(slab, shared, table, from, count);
        connection.#readers.serve();
      },
      ended(connection, error) {
        connection.#received(error ?? connection.#intake?.end());
      },
      unsent(connection, error) {
        connection.#ending.unsent(error);
      },
      drained(connection) {
        connection.#sender.drained();
      },
      released(connection, error) {
        connection.#wasReleased(error);
      },
    });
    showsAs<PipeConnection<unknown>>(PipeConnection, (connection) => {
      const { id, path, state, peer, available, queued } = connection;
      const { error } = connection.#ending;
      return { id, path, state, peer, available, queued, ...(error !== undefined && { error }) };
    });
  }

  // Nothing more comes.
  #received(error: PipeError | undefined): void {
    this.#ending.failed(error);
    this.#sender.askAlways();
    this.#readers.end(error);
  }

  // The user's code, which cut it, may have ended this connection.
  #cut({ slab, shared, table, count, error }: Cut): void {
    if (this.#ending.state !== 'open') return;
    if (count > 0) this.#frames.push(slab, shared, table, 0, count);
    this.#intake!.tell(count, this.#frames.empty);
    if (error) loop.stopReading(this.#handle.number);
    this.#readers.serve();
    if (error) this.#received(error);
  }

  #wasReleased(error: PipeError | undefined): void {
    const { number } = this.#handle;
    // The last moment: native code forgets the connection after this.
    this.#known.keep();
    // A limit of time that runs out is an end that this side makes.
    const left = this.#side === 'server' && !this.#ending.here && error?.code !== 'ETIMEDOUT';
    if (left) this.#formerClient = loop.keepClient(number);
    this.#handle.release();
    this.#ending.finish(error);
    tellEnded(this, this.#ending.error);
    this.#origin?.forget(number);
    if (!this.#formerClient) this.#impersonation?.release();
    this.#frames.finish();
    this.#readers.end(this.#ending.error);
    this.#sender.end(() => this.#ending.refusal('write'));
    this.#ending.settle();
  }

  #stop(error?: unknown): void {
    this.#ending.begin();
    this.#frames.clear();
    this.#readers.end(error);
    this.#sender.end(() => this.#ending.refusal('write'));
  }

  async #endSending(): Promise<boolean> {
    if (this.#ending.begun) throw this.#ending.refusal('write');
    this.#sender.askAlways(); // it refuses what is sent from now on
    return endSending(this.#sending());
  }

  #sending(): Parameters<typeof endSending>[0] {
    return { handle: this.#handle, path: this.path, ending: this.#ending };
  }

  #claim(): void {
    this.#unused = false;
    this.#origin?.claim(this.id);
  }

  #client(): Impersonation {
    if (!this.#impersonation) {
      const client = () => this.#formerClient ?? this.#handle.number;
      const ended = () => {
        if (!this.#ending.begun || this.#formerClient) return undefined;
        const why = this.#ending.here ? 'this side closed the connection' : undefined;
        return this.#ending.refusal('impersonate', why);
      };
      const told = (error: unknown) => tellImpersonating(this, error);
      this.#impersonation = new Impersonation(client, this.path, this.#side, ended, told);
      if (this.#ending.state === 'closed' && !this.#formerClient) this.#impersonation.release();
    }
    return this.#impersonation;
  }

  // It has ended, and now this side closes it, too.
  #forgetClient(): void {
    this.#ending.begin();
    this.#formerClient = undefined;
    this.#impersonation?.release();
  }
}

// For all connections' readers.
const isReady = (frames: FrameQueue<unknown>) => !frames.empty;
const takeFrame = <T>(frames: FrameQueue<T>) => frames.shift();
const nextFrame = <T>(frames: FrameQueue<T>) => ({ done: false as const, value: frames.shift() });
const nextBatch = <T>(frames: FrameQueue<T>) => ({ done: false as const, value: frames.shiftBatch() });
