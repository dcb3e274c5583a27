// A pipe on which an HTTP server serves: its connections, and how all of it is closed.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { setImmediate } from 'node:timers';
import { closeTimeout, LONGEST_TIMER } from '../closing.ts';
import type { PipeConnection } from '../connection.ts';
import { PipeError } from '../errors.ts';
import { deferred, nothing } from '../promises.ts';
import type { PipeServer } from '../server.ts';
import type { PipeDuplex } from '../streams/duplex.ts';
import { Exchanges } from './exchanges.ts';

/** Node publishes each request there, also those that wait for `100 Continue`. */
const REQUESTS = 'http.server.request.start';

/** A pipe on which an HTTP server serves. Made by `serveHttp`. */
export class ServedHttp implements AsyncDisposable {
  /** The pipe below: its `path`, `clients`, `stats()`, `setAccess()`. */
  readonly pipe: PipeServer<Buffer>;

  readonly #http: Server;
  readonly #exchanges = new Map<unknown, Exchanges>();
  readonly #closed = deferred();
  readonly #requested = (message: unknown): void => {
    const { request, response, socket } = message as {
      request: IncomingMessage;
      response: ServerResponse;
      socket: Socket;
    };
    this.#exchanges.get(socket)?.began(request, response);
  };
  /** Somebody else closed the HTTP server, or the pipe: nobody has said how long to wait. */
  readonly #closedElsewhere = (): void => {
    if (!this.#leaving) this.close().catch(nothing);
  };
  #leaving = false;
  #nobodyComes = false;

  /** @internal */
  constructor(http: Server, pipe: PipeServer<Buffer>) {
    this.#http = http;
    this.pipe = pipe;
    subscribe(REQUESTS, this.#requested);
    http.on('close', this.#closedElsewhere);
    void this.#serve();
  }

  /** The pipe's path: `\\.\pipe\NAME`, or the socket's. */
  get path(): string {
    return this.pipe.path;
  }

  /** Resolves when the pipe and all its connections are closed, whoever closed it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /**
   * Stops listening, closes the connections that are idle, and the others as soon as what was asked has been answered: HTTP/1
   * says `Connection: close`, HTTP/2 `GOAWAY`. Resolves when all are closed. Connections that were upgraded are their owner's to
   * close. After `timeout` ms (default 5,000; `Infinity` allowed) what is left is destroyed, and `close` rejects with
   * `ETIMEDOUT`. The HTTP server itself, which may serve elsewhere, too, is not closed.
   */
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    const timeout = closeTimeout(options);
    let cut = 0;
    const timer =
      timeout === Infinity
        ? undefined
        : // Timers come before what has happened meanwhile: that is looked at first.
          setTimeout(() => setImmediate(() => (cut = this.#cut())), Math.min(timeout, LONGEST_TIMER));
    try {
      this.#leave();
      await Promise.all([this.pipe.close(), this.#closed.promise]);
    } finally {
      clearTimeout(timer);
    }
    if (cut > 0) throw this.#timedOut(timeout, cut);
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(): Promise<void> {
    // Outside of the promise: what a listener throws is an uncaught exception, and the server goes on.
    for await (const client of this.pipe) process.nextTick(() => this.#accept(client));
    this.#closedElsewhere(); // by its signal, say
    await this.pipe.closed;
    process.nextTick(() => {
      this.#nobodyComes = true;
      this.#endIfLast();
    });
  }

  #accept(client: PipeConnection<Buffer>): void {
    const stream = client.toDuplex();
    const exchanges = new Exchanges(stream);
    this.#exchanges.set(stream, exchanges);
    stream.once('close', () => {
      this.#exchanges.delete(stream);
      this.#endIfLast();
    });
    // An HTTP/2 server makes the session of a connection at once.
    const began = (session: Http2Session): void => {
      exchanges.session = session;
      // Its socket is one of Node's own around the stream.
      (session.socket as Socket & { connection?: PipeConnection<Buffer> }).connection = client;
    };
    this.#http.once('session', began);
    try {
      this.#http.emit('connection', stream as PipeDuplex & Socket);
    } finally {
      this.#http.off('session', began);
    }
    if (this.#leaving) exchanges.leaveSoon(); // it had connected by then, to ask something
  }

  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    for (const exchanges of this.#exchanges.values()) exchanges.leave();
  }

  /** How many it had to destroy. */
  #cut(): number {
    const left = [...this.#exchanges.values()];
    for (const { stream, session } of left) {
      session?.destroy();
      stream.destroy();
    }
    return left.filter(({ hasTime }) => !hasTime).length;
  }

  #endIfLast(): void {
    if (!this.#leaving || !this.#nobodyComes || this.#exchanges.size > 0) return;
    unsubscribe(REQUESTS, this.#requested);
    this.#http.off('close', this.#closedElsewhere);
    this.#closed.resolve();
  }

  #timedOut(timeout: number, cut: number): PipeError {
    const { path } = this;
    const message = `close ETIMEDOUT ${path}: ${cut} of its connections did not end within ${timeout} ms, and were destroyed`;
    return new PipeError('ETIMEDOUT', message, { syscall: 'close', path });
  }
}
