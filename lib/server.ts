import { setImmediate } from 'node:timers';
import { Backlog } from './backlog.ts';
import type { FrameBatch } from './batch.ts';
import { type BroadcastOptions, type BroadcastResult, broadcast } from './broadcasting.ts';
import { PipeConnection } from './connection.ts';
import { failureToError, type PipeError } from './errors.ts';
import { Handle, HandleTable } from './handles.ts';
import { showsAs } from './inspecting.ts';
import type { Origin } from './life.ts';
import { addListener, loop } from './loop.ts';
import type { RawAccess } from './native.ts';
import { tellConnected } from './observing.ts';
import { checked, type Names } from './option-names.ts';
import { boolean, type ListenChannel, milliseconds } from './options.ts';
import { type Access, namedAccess, principalsOf, rawAccess } from './principals.ts';
import { deferred, nothing, onAbort } from './promises.ts';
import { ReaderIterator, Readers } from './readers.ts';
import { type Handler, type ServeOptions, serve } from './serving.ts';

/** Counts of a server's connections so far. */
export interface ServerStats {
  /**
   * Connections made since the server was opened. Not those that ended before anybody had taken them and before anything
   * had come: they are handed to nobody. Windows: also those that `maxPerUser` closed when they had been taken already.
   */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Connections made that nobody has taken from the server yet. */
  readonly waiting: number;
  /** Connections that were closed because of `maxPerUser`; absent without it. */
  readonly refused?: number;
  /** Why clients could not be let in, the last time that happened: no descriptor or instance was left, or no memory. */
  readonly lastFailure?: PipeError;
}

const CLOSE: Names<{ connections?: boolean | undefined; timeout?: number | undefined }> = {
  connections: true,
  timeout: true,
};

/**
 * A named pipe that is being served. Iterate it for its connections, first come first served, or let
 * {@link serve} run a handler for each. Made by `listen`.
 */
export class PipeServer<T = Buffer> implements AsyncIterable<PipeConnection<T>>, AsyncDisposable {
  /** The pipe's path: `\\.\pipe\NAME`, or the socket's. */
  readonly path: string;

  readonly #handle: Handle;
  readonly #channel: ListenChannel<T>;
  readonly #open = new HandleTable<PipeConnection<T>>();
  readonly #waiting: Backlog<T>;
  readonly #readers: Readers<Backlog<T>>;
  readonly #released = deferred();
  readonly #origin: Origin = {
    forget: (connection) => {
      this.#open.remove(connection);
      if (this.#waiting.ended(connection)) this.#accepted--;
    },
    claim: (id) => this.#waiting.claim(id),
  };
  /** What native code was given last. */
  #access: RawAccess;
  /** Of setAccess(), while the system is asked for an account: what was asked for last is what stays. */
  #changing: Promise<void> | undefined;
  #accepted = 0;
  #lastFailure: PipeError | undefined;
  #refused = 0;
  #closing = false;
  /** The ends of those that nobody took. */
  readonly #dismissed: Promise<void>[] = [];

  /** The signal closes the server. @internal */
  constructor(id: number, channel: ListenChannel<T>, access: RawAccess, signal: AbortSignal | undefined) {
    this.#handle = new Handle(id);
    this.path = channel.path;
    this.#channel = channel;
    this.#access = access;
    this.#waiting = new Backlog(this.#handle);
    this.#readers = new Readers(this.#waiting);
    const done = signal && onAbort(signal, () => void this.close());
    addListener(id, {
      accepted: (connection) => this.#accept(connection),
      released: () => {
        this.#note(); // native code forgets it now
        this.#handle.release();
        done?.(); // the signal may outlive many servers
        void this.#handOut().then(() => this.#released.resolve());
      },
    });
  }

  /** How many connections are open now, those not taken yet included. */
  get connections(): number {
    return this.#open.size;
  }

  /**
   * The connections that are open now, those not taken yet included, in the order in which clients came. To read from one, to
   * make a stream of it or to act as its client takes it: the server hands it to nobody else then.
   */
  get clients(): PipeConnection<T>[] {
    return this.#open.values().sort((a, b) => a.id - b.id);
  }

  /** Resolves when the server is closed, whoever closed it: as {@link close} does. */
  get closed(): Promise<void> {
    return this.#released.promise;
  }

  /** Connections in the order in which clients came, until the server is closed. Leaving the loop does not close it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<PipeConnection<T>> {
    return new ReaderIterator(this.#readers, nextConnection<T>);
  }

  /**
   * Runs `handler(connection, { signal })` for every client, all at the same time, and closes each connection when its
   * handler settles. The signal aborts when the connection has ended, so that work for a client that has left can stop.
   * A handler's failure is passed to `onError` and ends neither the server nor another handler. Resolves when the server
   * is closed and all handlers have settled. `count`: serves so many clients, and then closes the server.
   */
  serve(handler: Handler<T>, options: ServeOptions<T> = {}): Promise<void> {
    return serve(this, handler, options);
  }

  /**
   * Sends the same frames to many connections, by default all that are open, those not taken yet included. They are encoded
   * once, whatever the number of connections. Never queues for one that is behind: for which more than `highWaterMark` is
   * queued although the system was given all that it takes; see {@link BroadcastOptions.behind}. Returns at once, to how many
   * the frames go. Throws, with nothing queued for anybody, what `send` would reject with for one of the frames, and
   * `EINVAL` for a single frame (write `[frame]`) and for what is no connection of this server.
   */
  broadcast(
    frames: Iterable<T | Uint8Array> | FrameBatch<unknown>,
    options: BroadcastOptions<T> = {},
  ): BroadcastResult {
    return broadcast(this.#channel, () => this.#open.values(), frames, options);
  }

  /**
   * Changes who may connect, from now on; connections that stand are not affected. Windows: `SetKernelObjectSecurity` on the
   * live pipe, its list and its label at once. Linux: the socket's mode and the check of each peer. Rejects with `EINVAL` for
   * what is no access, and when the server is closed.
   */
  async setAccess(access: Access): Promise<void> {
    const asked = rawAccess(namedAccess(access));
    const before = this.#changing;
    if (!before && !(asked instanceof Promise)) return this.#change(asked);
    const change = Promise.allSettled([before, asked]).then(async () => this.#change(await asked));
    const over = change.catch(nothing);
    this.#changing = over;
    await over;
    if (this.#changing === over) this.#changing = undefined;
    return change;
  }

  #change(access: RawAccess): void {
    const failure = loop.setAccess(this.#handle.number, access);
    if (failure !== 0) throw failureToError(failure, this.path);
    this.#access = access;
  }

  /**
   * Who may connect now, in a form that `setAccess` takes. Windows: `{ sddl }`, as the system has it for the live pipe. Linux:
   * `{ allow }`, with numbers for names. Rejects with `EINVAL` when the server is closed.
   */
  async access(): Promise<Access> {
    const found = loop.access(this.#handle.number);
    if (typeof found !== 'string') throw failureToError(found, this.path);
    return typeof this.#access === 'string' || found !== '' ? { sddl: found } : { allow: principalsOf(this.#access) };
  }

  /** Counts of the server's connections so far, and its last failure. */
  stats(): ServerStats {
    this.#note();
    return {
      accepted: this.#accepted,
      open: this.#open.size,
      waiting: this.#waiting.size,
      ...(this.#channel.maxPerUser > 0 && { refused: this.#refused }),
      ...(this.#lastFailure && { lastFailure: this.#lastFailure }),
    };
  }

  /** The server keeps the process alive while it is open: the default. */
  ref(): this {
    loop.keepListenerAlive(this.#handle.number, true);
    return this;
  }

  /** The process may end although this server is open. */
  unref(): this {
    loop.keepListenerAlive(this.#handle.number, false);
    return this;
  }

  /**
   * Stops listening; resolves when that is done. Connections that were taken live on, and clients that had connected by
   * then are still handed to whoever iterates; those that nobody takes are disconnected. With `connections: true` all are
   * closed gracefully, too (each as by its own `close({ timeout })`), and nobody is handed out any more.
   * The name is free then; Windows: unless connections live on, until the last one of them has ended.
   */
  async close(options: { connections?: boolean | undefined; timeout?: number | undefined } = {}): Promise<void> {
    const { connections = false, timeout } = checked('close', options, CLOSE);
    boolean('connections', connections);
    if (timeout !== undefined) milliseconds('timeout', timeout);
    if (!this.#closing) {
      this.#closing = true;
      loop.closeListener(this.#handle.number);
    }
    if (connections) this.#stop();
    const closing = connections ? this.#open.values().map((connection) => connection.close({ timeout })) : [];
    // One that fails must not hide that others, and the name, are still on their way.
    const [, ...closed] = await Promise.allSettled([this.#released.promise, ...closing]);
    const failed = closed.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Closes the server and its connections: `close({ connections: true })`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ connections: true });
  }

  static {
    showsAs<PipeServer<unknown>>(PipeServer, (server) => ({
      path: server.path,
      state: server.#handle.number === 0 ? 'closed' : server.#closing ? 'closing' : 'open',
      ...server.stats(),
    }));
  }

  #accept(id: number): void {
    this.#accepted++;
    const connection = new PipeConnection<T>(id, this.#channel, 'server', this.#origin);
    this.#open.add(id, connection);
    tellConnected(connection, this);
    if (this.#readers.ended) {
      this.#dismiss(connection);
    } else {
      this.#waiting.add(id, connection);
      this.#readers.serve();
    }
  }

  // Whoever iterates comes back for the next one in the same turn of Node's loop.
  async #handOut(): Promise<void> {
    for (let left = Infinity; !this.#waiting.empty && this.#waiting.size < left; ) {
      left = this.#waiting.size;
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#stop();
    await Promise.all(this.#dismissed); // Windows: they have the name
  }

  #dismiss(connection: PipeConnection<T>): void {
    connection.destroy();
    this.#dismissed.push(connection.closed.catch(nothing));
  }

  #note(): void {
    if (this.#handle.number === 0) return;
    this.#refused = loop.refused(this.#handle.number);
    const failure = loop.lastFailure(this.#handle.number);
    if (failure) this.#lastFailure = failureToError(failure, this.path);
  }

  #stop(): void {
    for (const connection of this.#waiting.clear()) this.#dismiss(connection);
    this.#readers.end();
  }
}

// For all servers' readers.
const nextConnection = <T>(waiting: Backlog<T>) => ({ done: false as const, value: waiting.take() });
