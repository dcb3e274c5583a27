// A connection as a Node stream, for all that takes a socket.
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import type { PipeConnection } from './connection.ts';
import { DIRECTIONS } from './constants.ts';
import { PipeError } from './errors.ts';
import type { FrameBatch } from './frames.ts';
import { type Framing, isBytes } from './framing/framing.ts';
import { loop } from './loop.ts';
import { checked, type Names } from './option-names.ts';
import { boolean, milliseconds } from './options.ts';
import { ACCEPTED } from './sender.ts';

/** For {@link PipeConnection.toDuplex}. */
export interface PipeDuplexOptions {
  /** As in `node:net`: `false` ends this side, too, when the peer has ended and all was read. Default: `false`. */
  allowHalfOpen?: boolean | undefined;
  /**
   * Windows, whose pipes have no half-close: for how many ms of the peer's silence `end()` waits for an answer before it
   * closes the pipe. `Infinity` is allowed. Default: 5,000 at a client's end, which asks; 50 at a server's, which answers,
   * as in `node:net`.
   */
  linger?: number | undefined;
}

/** What a stream needs of its connection and nobody else does. @internal */
export interface DuplexOrigin {
  framing: Framing<Buffer>;
  direction: number;
  /** It has a stream already. */
  streams: boolean;
  side: 'client' | 'server';
}

type Callback = (error?: Error | null) => void;

const OPTIONS: Names<PipeDuplexOptions> = { allowHalfOpen: true, linger: true };
const RAW = 'make the pipe with { framing: framing.raw() }, without `as`';
const LINGER = { client: 5000, server: 50 } as const;
const LONGEST_TIMER = 0x7fff_ffff;

/**
 * A connection's bytes as a Node stream that behaves like a `net.Socket`, made by {@link PipeConnection.toDuplex}.
 * Reads pull, so backpressure reaches the peer, and `write` returns `false` and calls back as it does there.
 *
 * `end()`: all that was written goes out, and the peer's answer can still be read until the peer ends, too. On Linux the
 * peer sees the end at once (a half-close). Pipes on Windows have none, except those of messages, where an empty message
 * says it, and is taken for it: on others the peer sees nothing until the pipe is closed, which happens when the peer
 * closes it; or has read everything and was silent for `linger` ms; or at once when nobody reads this stream.
 * `destroySoon()` closes as soon as all has gone out; `destroy()` at once.
 */
export class PipeDuplex extends Duplex {
  /** The connection below: for `request.socket.connection.peerUser()` in an HTTP server. */
  readonly connection: PipeConnection<Buffer>;
  /** Always `false`: the pipe is connected already. */
  readonly connecting: boolean = false;
  /** Bytes that were read from the connection so far. */
  bytesRead = 0;
  /** Milliseconds of inactivity after which `'timeout'` is emitted, as {@link setTimeout} was told; 0: never. */
  timeout = 0;

  readonly #batches: AsyncIterator<FrameBatch<Buffer>>;
  /** What has arrived and was not pushed yet; undefined: the end. */
  readonly #arrived: (FrameBatch<Buffer> | undefined)[] = [];
  /** Of the first of them, so many chunks were pushed. */
  #pushed = 0;
  /** Bytes handed to the connection so far; of the last write, so many that it has not accepted yet. */
  #sent = 0;
  #unaccepted = 0;
  readonly #linger: number;
  #idle: NodeJS.Timeout | undefined;
  #idleSent = 0;
  #lingering: NodeJS.Timeout | undefined;
  #closesSoon = false;

  /** @internal */
  constructor(
    connection: PipeConnection<Buffer>,
    options: PipeDuplexOptions,
    { framing, direction, side, streams }: DuplexOrigin,
  ) {
    const { allowHalfOpen = false, linger = LINGER[side] } = checked('toDuplex', options, OPTIONS);
    boolean('allowHalfOpen', allowHalfOpen);
    milliseconds('linger', linger);
    const { path } = connection;
    if (!isBytes(framing)) throw new PipeError('EINVAL', `toDuplex is for bytes: ${RAW}`, { path });
    if (streams) throw new PipeError('EINVAL', 'toDuplex was called before: a connection has one stream', { path });
    const { in: readOnly, out: writeOnly } = DIRECTIONS;
    const streamOptions = { allowHalfOpen, readable: direction !== writeOnly, writable: direction !== readOnly };
    super({ ...streamOptions, emitClose: false });
    this.connection = connection;
    this.#batches = connection.batches();
    this.#linger = Math.min(linger, LONGEST_TIMER);
    connection.closed.catch((error) => this.destroy(error));
    // As a socket does: the first bytes are fetched, and the peer's end is noticed, before anybody reads.
    if (this.readable)
      process.nextTick(() => {
        if (!this.destroyed) this.read(0);
      });
  }

  /** Bytes that were written so far, those included that wait in this stream: corked ones, and behind a slow write. */
  get bytesWritten(): number {
    return this.#sent + this.writableLength - this.#unaccepted;
  }

  /**
   * Emits `'timeout'` when nothing was read or written for `ms` milliseconds; 0: never. The stream is not closed by it.
   * `callback` is called the first time.
   */
  setTimeout(ms: number, callback?: () => void): this {
    this.timeout = milliseconds('timeout', ms);
    clearTimeout(this.#idle);
    this.#idle =
      ms > 0 && !this.destroyed ? setTimeout(() => this.#idled(), Math.min(ms, LONGEST_TIMER)).unref() : undefined;
    if (callback) ms > 0 ? this.once('timeout', callback) : this.off('timeout', callback);
    return this;
  }

  /** For code that expects a TCP socket: does nothing. Small writes of one turn leave together anyway. */
  setNoDelay(_noDelay?: boolean): this {
    return this;
  }

  /** For code that expects a TCP socket: does nothing. A pipe's peer that dies is noticed at once. */
  setKeepAlive(_enable?: boolean, _initialDelay?: number): this {
    return this;
  }

  /** The connection keeps the process alive while it is open: the default. */
  ref(): this {
    this.connection.ref();
    return this;
  }

  /** The process may end although the connection is open. */
  unref(): this {
    this.connection.unref();
    return this;
  }

  /** Ends, and closes the connection as soon as all that was written has gone out, without waiting for an answer. */
  destroySoon(): void {
    this.#closesSoon = true;
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** @internal */
  override _read(): void {
    this.#pull();
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#written(chunk.length, this.connection.send(chunk), callback);
  }

  /** @internal */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    const length = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    this.#written(length, this.connection.sendMany(chunks.map(({ chunk }) => chunk)), callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    this.connection.end().then(
      (peerSees) => {
        process.nextTick(callback);
        if (!peerSees && !this.readableEnded && !this.#closesSoon) void this.#awaitAnswer();
      },
      // The peer may have gone already, having read everything: then all is well.
      () => this.connection.closed.then(() => process.nextTick(callback), failed(callback)),
    );
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#lingering);
    if (error || !this.writableFinished) {
      loop.flush(); // write() and destroy() in one turn: a socket would have written by now
      this.connection.destroy(error ?? undefined);
    } else {
      this.connection.close({ timeout: Infinity }).catch(() => {}); // all is out: it does not wait
    }
    const done = () => process.nextTick(() => this.#closed(error, callback));
    this.connection.closed.then(done, done);
  }

  // As a socket does: 'close' tells whether there was an error, and comes even when nobody listens for that, or who does throws.
  #closed(error: Error | null, callback: Callback): void {
    callback(error); // which emits 'error' in the next tick
    process.nextTick(() => this.emit('close', error !== null));
  }

  #pull(): void {
    this.#batches.next().then(
      ({ done, value }) => {
        this.#arrived.push(done ? undefined : value);
        if (this.#arrived.length === 1) process.nextTick(() => this.#deliver());
      },
      (error) => this.destroy(error),
    );
  }

  // Outside of all promises: what a listener throws is an uncaught exception, as it is with a socket, and the stream goes on.
  #deliver(after?: 'throw'): void {
    let thrown = true;
    try {
      for (; this.#arrived.length > 0 && !this.destroyed; this.#arrived.shift()) {
        const batch = this.#arrived[0];
        this.#active();
        if (batch) this.#pushAll(batch);
        else this.#ended();
      }
      // A throw kept Node from asking for more.
      if (after === 'throw' && !this.destroyed) this.read(0);
      thrown = false;
    } finally {
      if (thrown) process.nextTick(() => this.#deliver('throw'));
    }
  }

  #pushAll(batch: FrameBatch<Buffer>): void {
    while (this.#pushed < batch.length && !this.destroyed) {
      const chunk = batch.at(this.#pushed++)!;
      this.bytesRead += chunk.length;
      this.push(chunk);
    }
    this.#pushed = 0;
  }

  #ended(): void {
    this.push(null);
    this.read(0); // 'end' comes although nobody reads, if nothing is left to be read
  }

  #written(length: number, sent: Promise<void>, callback: Callback): void {
    this.#sent += length;
    this.#unaccepted = length;
    const settled = (error?: Error) => {
      this.#unaccepted = 0;
      if (!error) this.#active();
      callback(error);
    };
    if (sent === ACCEPTED) settled();
    else sent.then(() => process.nextTick(settled), failed(settled));
  }

  #active(): void {
    this.#idle?.refresh();
    this.#lingering?.refresh();
  }

  #idled(): void {
    // A large write may take long, and go on all the time.
    const sent = this.writableLength > 0 ? this.connection.stats().bytesSent : this.#idleSent;
    if (sent === this.#idleSent) this.emit('timeout');
    else this.#idle?.refresh();
    this.#idleSent = sent;
  }

  // All has gone out, and the peer does not know that nothing follows.
  async #awaitAnswer(): Promise<void> {
    if (!this.#hasReader()) return this.#closeBehindAll();
    // Its silence counts from when it has read the question.
    await this.connection.waitForDrain().catch(() => {});
    if (this.readableEnded || this.destroyed) return;
    this.#lingering = setTimeout(() => this.#lingered(), this.#linger).unref();
  }

  // As in PipeConnection's close(): what has happened meanwhile is looked at first.
  #lingered(): void {
    setImmediate(() => !this.destroyed && this.#closeUnlessBehind());
  }

  #closeUnlessBehind(): void {
    const isBehind = this.readableLength > 0 || this.connection.available > 0 || this.#arrived.length > 0;
    if (isBehind) this.#lingering!.refresh();
    else this.#closeBehindAll();
  }

  // What has arrived stays readable.
  #closeBehindAll(): void {
    while (this.connection.available > 0) this.#pull();
    this.connection.close({ timeout: Infinity }).catch(() => {});
    this.#pull();
  }

  #hasReader(): boolean {
    return this.readableFlowing !== null || this.listenerCount('readable') > 0;
  }
}

// The caller's code is not run from within a promise: what it throws would become a rejection.
const failed = (callback: (error: Error) => void) => (error: Error) => process.nextTick(callback, error);
