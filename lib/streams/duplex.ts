// A connection as a Node stream, for all that takes a socket.
import { Duplex } from 'node:stream';
import type { PipeConnection } from '../connection.ts';
import { DIRECTIONS } from '../constants.ts';
import { PipeError } from '../errors.ts';
import type { Framing } from '../framing/framing.ts';
import { loop } from '../loop.ts';
import { milliseconds } from '../options.ts';
import { nothing } from '../promises.ts';
import { ACCEPTED } from '../sender.ts';
import { IdleTimer } from './idle-timer.ts';
import { Incoming } from './incoming.ts';
import { Linger } from './linger.ts';
import { type Connect, Opening } from './opening.ts';
import { duplexOptions, onlyBytes, type PipeDuplexOptions } from './options.ts';

/** What a stream needs of its connection and nobody else does. @internal */
export interface DuplexOrigin {
  framing: Framing<Buffer>;
  direction: number;
  /** It has a stream already. */
  streams: boolean;
  side: 'client' | 'server';
  path: string;
}

/** What a stream has as soon as it is connected. */
interface Link {
  readonly connection: PipeConnection<Buffer>;
  readonly incoming: Incoming;
  readonly linger: Linger;
}

type Callback = (error?: Error | null) => void;

/**
 * A connection's bytes as a Node stream that behaves like a `net.Socket`, made by {@link PipeConnection.toDuplex} and
 * {@link connectDuplex}. Reads pull, so backpressure reaches the peer, and `write` returns `false` and calls back as it does there.
 *
 * `end()`: all that was written goes out, and the peer's answer can still be read until the peer ends, too. On Linux the
 * peer sees the end at once (a half-close). Pipes on Windows have none, except those of messages, where an empty message
 * says it, and is taken for it: on others the peer sees nothing until the pipe is closed, which happens when the peer
 * closes it; or has read everything and was silent for `linger` ms; or at once when nobody reads this stream.
 * `destroySoon()` closes as soon as all has gone out; `destroy()` at once.
 */
export class PipeDuplex extends Duplex {
  /** Milliseconds of inactivity after which `'timeout'` is emitted, as {@link setTimeout} was told; 0: never. */
  timeout = 0;

  #link: Link | undefined;
  /** As long as it is not connected. */
  #opening: Opening | undefined;
  #keepsAlive = true;
  readonly #lingerMs: number;
  readonly #idle: IdleTimer = new IdleTimer(
    () => this.emit('timeout'),
    () => (this.writableLength > 0 ? this.#link?.connection.stats().bytesSent : undefined),
  );
  /** Bytes handed to the connection so far; of the last write, so many that it has not accepted yet. */
  #sent = 0;
  #unaccepted = 0;
  #closesSoon = false;

  /** @internal */
  constructor(source: PipeConnection<Buffer> | Connect, options: PipeDuplexOptions, origin: DuplexOrigin) {
    const { allowHalfOpen, linger } = duplexOptions(options, origin.side);
    const { framing, direction, streams, path } = origin;
    onlyBytes('toDuplex', framing, path);
    if (streams) throw new PipeError('EINVAL', 'toDuplex was called before: a connection has one stream', { path });
    const { in: readOnly, out: writeOnly } = DIRECTIONS;
    const streamOptions = { allowHalfOpen, readable: direction !== writeOnly, writable: direction !== readOnly };
    super({ ...streamOptions, emitClose: false });
    this.#lingerMs = linger;
    if (typeof source === 'function')
      this.#opening = new Opening(
        path,
        source,
        (connection) => this.#opened(connection),
        (error) => this.destroy(error),
      );
    else this.#link = this.#linkTo(source);
    // As a socket does: the first bytes are fetched, and the peer's end is noticed, before anybody reads.
    if (this.readable)
      process.nextTick(() => {
        if (!this.destroyed) this.read(0);
      });
  }

  /**
   * The connection below: for `request.socket.connection.peerUser()` in an HTTP server. A stream of `connectDuplex` has one
   * from `'connect'` on; before, this throws `EINVAL`.
   */
  get connection(): PipeConnection<Buffer> {
    if (this.#link) return this.#link.connection;
    throw new PipeError('EINVAL', "the stream has no connection yet: wait for its 'connect'");
  }

  /** It is being connected, as a stream of `connectDuplex` is at first. Then come `'connect'` and `'ready'`, or `'error'`. */
  get connecting(): boolean {
    return this.#opening !== undefined && !this.destroyed;
  }

  /** As of a socket: it is not connected yet, or destroyed. */
  get pending(): boolean {
    return this.connecting || this.destroyed;
  }

  /** As of a socket: `'opening'`, `'open'`, `'readOnly'`, `'writeOnly'` or `'closed'`. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** A pipe has no address: as of a socket on a pipe, undefined. See `connection.peer`. */
  get remoteAddress(): undefined {
    return undefined;
  }

  /** A pipe has no address: an empty object, as of a socket on a pipe. */
  address(): Record<string, never> {
    return {};
  }

  /** Bytes that were read from the connection so far. */
  get bytesRead(): number {
    return this.#link?.incoming.bytes ?? 0;
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
    this.#idle.set(this.destroyed ? 0 : ms);
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
    this.#keepsAlive = true;
    this.#link?.connection.ref();
    return this;
  }

  /** The process may end although the connection is open. */
  unref(): this {
    this.#keepsAlive = false;
    this.#link?.connection.unref();
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
    if (this.#link) this.#link.incoming.pull();
    else this.#opening!.whenOpen(() => this._read());
  }

  /** @internal */
  override _write(chunk: Buffer, encoding: BufferEncoding, callback: Callback): void {
    if (this.#link) this.#written(chunk.length, this.#link.connection.send(chunk), callback);
    else this.#opening!.whenOpen(() => this._write(chunk, encoding, callback), callback);
  }

  /** @internal */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    const length = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    if (this.#link) this.#written(length, this.#link.connection.sendMany(chunks.map(({ chunk }) => chunk)), callback);
    else this.#opening!.whenOpen(() => this._writev(chunks, callback), callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    if (this.#link) this.#end(this.#link, callback);
    else this.#opening!.whenOpen(() => this._final(callback), callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#idle.clear();
    const done = () => process.nextTick(() => this.#closed(error, callback));
    this.#opening?.cancel(error);
    if (this.#link) this.#unlink(this.#link, error).then(done, done);
    else done();
  }

  #end({ connection, linger }: Link, callback: Callback): void {
    const ending = connection.end();
    if (this.readableEnded && connection.queued === 0) {
      // Nothing is left to wait for. Node's wrapper of streams for HTTP/2 and TLS fails an assertion when it has to write
      // while an end is under way, and its own end() follows the peer's.
      ending.catch(nothing);
      process.nextTick(callback);
      return;
    }
    ending.then(
      (peerSees) => {
        process.nextTick(callback);
        if (!peerSees && !this.readableEnded && !this.#closesSoon) void linger.begin();
      },
      // The peer may have gone already, having read everything: then all is well.
      () => connection.closed.then(() => process.nextTick(callback), failed(callback)),
    );
  }

  #unlink({ connection, linger }: Link, error: Error | null): Promise<void> {
    linger.clear();
    if (error || !this.writableFinished) {
      loop.flush(); // write() and destroy() in one turn: a socket would have written by now
      connection.destroy(error ?? undefined);
    } else {
      connection.close({ timeout: Infinity }).catch(() => {}); // all is out: it does not wait
    }
    return connection.closed;
  }

  #linkTo(connection: PipeConnection<Buffer>): Link {
    const incoming = new Incoming(this, connection, () => this.#active());
    const linger = new Linger(this, connection, incoming, this.#lingerMs);
    connection.closed.catch((error) => this.destroy(error));
    if (!this.#keepsAlive) connection.unref();
    return { connection, incoming, linger };
  }

  #opened(connection: PipeConnection<Buffer>): void {
    const opening = this.#opening!;
    this.#link = this.#linkTo(connection);
    this.#opening = undefined;
    this.#active();
    // Each by itself: a listener may throw.
    for (const event of ['connect', 'ready']) process.nextTick(() => this.emit(event));
    opening.opened();
  }

  // As a socket does: 'close' tells whether there was an error, and comes even when nobody listens for that, or who does throws.
  #closed(error: Error | null, callback: Callback): void {
    callback(error); // which emits 'error' in the next tick
    process.nextTick(() => this.emit('close', error !== null));
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
    this.#idle.refresh();
    this.#link?.linger.refresh();
  }
}

// The caller's code is not run from within a promise: what it throws would become a rejection.
const failed = (callback: (error: Error) => void) => (error: Error) => process.nextTick(callback, error);
