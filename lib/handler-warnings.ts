// What is said of handlers that fail when nobody else is told.
import { setTimeout } from 'node:timers';
import { inspect } from 'node:util';
import type { PipeConnection } from './connection.ts';
import { PipeError } from './errors.ts';

/** Warnings of one server in a time of so many ms: any client may make a handler fail, as often as it likes. */
const MOST = 5;
const TIME = 1000;

/** A connection, as far as it matters here. */
type Failed = Pick<PipeConnection<unknown>, 'id' | 'peer' | 'signal'>;

/** Calls `over` in so many ms. */
type Later = (over: () => void, ms: number) => void;

const later: Later = (over, ms) => void setTimeout(over, ms).unref();

/** A process warning for each failure, with pipe, client and stack: at most 5 in a second, and one that counts the others. */
export class HandlerWarnings {
  readonly #path: string;
  readonly #later: Later;
  #told = 0;
  #leftOut = 0;

  constructor(path: string, timer: Later = later) {
    this.#path = path;
    this.#later = timer;
  }

  tell(error: unknown, connection: Failed): void {
    if (isEnd(error, connection)) return;
    if (this.#told === 0) this.#later(() => this.#timeIsOver(), TIME);
    if (++this.#told <= MOST) this.#warn(`a handler failed for ${clientOf(connection)}: ${shown(error)}`);
    else this.#leftOut++;
  }

  #timeIsOver(): void {
    if (this.#leftOut > 0)
      this.#warn(`${this.#leftOut} more handlers failed within a second; to be told of each, give serve an onError`);
    this.#told = 0;
    this.#leftOut = 0;
  }

  // As a string: an Error may be another realm's, as in a test runner's sandbox, and would be refused.
  #warn(what: string): void {
    process.emitWarning(`${this.#path}: ${what}`, 'PipeHandlerWarning');
  }
}

/** The handler stopped because its signal told it that the client has gone: that is what the signal is for. */
function isEnd(error: unknown, connection: Failed): boolean {
  return error instanceof PipeError && error.syscall === undefined && error === connection.signal.reason;
}

function clientOf({ id, peer }: Failed): string {
  const { pid, uid } = peer;
  const facts = [pid !== undefined && `pid ${pid}`, uid !== undefined && `uid ${uid}`, `connection ${id}`];
  return `a client (${facts.filter((fact) => fact !== false).join(', ')})`;
}

function shown(error: unknown): string {
  try {
    return inspect(error);
  } catch {
    return `what cannot be shown (${typeof error})`; // its own inspect() threw, say
  }
}
