// The requests of one HTTP connection that are being answered, and how it is let go when no more are to come.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import { setImmediate } from 'node:timers';
import type { PipeDuplex } from '../streams/duplex.ts';

/** Between connecting and asking, in ms. */
const MOMENT = 100;

export class Exchanges {
  readonly stream: PipeDuplex;
  /** With HTTP/2, which has a way of its own to let go. */
  session: Http2Session | undefined;
  /** In the order in which they were asked for, and in which they go out. */
  readonly #responses = new Set<ServerResponse>();
  /** Says that it is the last one. */
  #last: ServerResponse | undefined;
  /** Requests and responses that are not over yet. */
  #open = 0;
  /** What had been read when nothing was open any more: more than that is the beginning of a request, or an upgrade. */
  #settledAt = 0;
  #leaving = false;
  #moment: NodeJS.Timeout | undefined;

  constructor(stream: PipeDuplex) {
    this.stream = stream;
  }

  began(request: IncomingMessage, response: ServerResponse): void {
    this.#open += 2;
    this.#responses.add(response);
    if (this.#leaving) this.#isLast(response);
    const ended = () => {
      if (--this.#open === 0) this.#settled();
    };
    request.once('close', ended);
    response.once('close', () => {
      this.#responses.delete(response);
      ended();
    });
  }

  /** Lets those be answered that have been asked, and closes behind them. */
  leave(): void {
    this.#leaving = true;
    const last = [...this.#responses].at(-1);
    if (last) this.#isLast(last);
    if (this.session) this.session.close();
    else this.#leaveIfIdle();
  }

  /** The same for a client who has just come, and has a moment to ask. HTTP/2 tells it to ask elsewhere. */
  leaveSoon(): void {
    this.#leaving = true;
    this.session?.close();
    // What has come meanwhile is looked at first.
    const leave = () => void setImmediate(() => !this.stream.destroyed && this.leave());
    this.#moment = setTimeout(leave, MOMENT).unref();
  }

  /** It is such a client, and has not asked yet. */
  get hasTime(): boolean {
    return this.#moment !== undefined && this.stream.bytesRead === 0;
  }

  #settled(): void {
    this.#settledAt = this.stream.bytesRead;
    if (this.#leaving) this.#leaveIfIdle();
  }

  #leaveIfIdle(): void {
    const asked = this.stream.bytesRead > this.#settledAt || this.stream.connection.available > 0;
    if (this.#open === 0 && !asked) this.stream.destroySoon();
  }

  // Node closes behind it, and the client hears that it is the last one; if it is not too late to say so. The one before
  // is that no more: what is behind it in the pipeline would not be answered.
  #isLast(response: ServerResponse): void {
    if (this.#last && !this.#last.headersSent) this.#last.setHeader('Connection', 'keep-alive');
    this.#last = response.shouldKeepAlive && !response.headersSent ? response : undefined;
    this.#last?.setHeader('Connection', 'close');
  }
}
