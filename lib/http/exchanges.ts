// The requests of one HTTP connection that are being answered, and how it is let go when no more are to come.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import type { PipeDuplex } from '../streams/duplex.ts';

export class Exchanges {
  readonly stream: PipeDuplex;
  /** With HTTP/2, which has a way of its own to let go. */
  session: Http2Session | undefined;
  readonly #responses = new Set<ServerResponse>();
  /** Requests and responses that are not over yet. */
  #open = 0;
  /** What had been read when nothing was open any more: more than that is the beginning of a request, or an upgrade. */
  #settledAt = 0;
  #leaving = false;

  constructor(stream: PipeDuplex) {
    this.stream = stream;
  }

  began(request: IncomingMessage, response: ServerResponse): void {
    this.#open += 2;
    this.#responses.add(response);
    if (this.#leaving) isLast(response);
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
    for (const response of this.#responses) isLast(response);
    if (this.session) this.session.close();
    else this.#leaveIfIdle();
  }

  #settled(): void {
    this.#settledAt = this.stream.bytesRead;
    if (this.#leaving) this.#leaveIfIdle();
  }

  #leaveIfIdle(): void {
    const asked = this.stream.bytesRead > this.#settledAt || this.stream.connection.available > 0;
    if (this.#open === 0 && !asked) this.stream.destroySoon();
  }
}

// Node closes behind it, and the client hears that it is the last one; if it is not too late to say so.
function isLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
