// A handler for every client of a server.
import type { PipeConnection } from './connection.ts';
import { invalid } from './errors.ts';
import { HandlerWarnings } from './handler-warnings.ts';
import { checked, type Names } from './option-names.ts';
import { callable } from './options.ts';
import { type Deferred, deferred, nothing } from './promises.ts';

/** For {@link PipeServer.serve}. */
export interface ServeOptions<T> {
  /**
   * Told when a handler throws or rejects. Default: a process warning with pipe, client and stack; at most 5 a second, and
   * one that counts those left out.
   */
  onError?: ((error: unknown, connection: PipeConnection<T>) => void) | undefined;
  /** So many clients are served; then the server closes. Default: every client. */
  count?: number | undefined;
}

/** What a handler of {@link PipeServer.serve} gets beside its connection. */
export interface ServeContext {
  /** The connection's `signal`: aborts when the connection has ended. */
  readonly signal: AbortSignal;
}

/** Called for every client. */
export type Handler<T> = (connection: PipeConnection<T>, context: ServeContext) => unknown;

const OPTIONS: Names<ServeOptions<unknown>> = { onError: true, count: true };

/** The server, as far as it matters here. */
interface Served<T> extends AsyncIterable<PipeConnection<T>> {
  readonly path: string;
  close(): Promise<void>;
}

/** `PipeServer.serve` */
export async function serve<T>(server: Served<T>, handler: Handler<T>, options: ServeOptions<T>): Promise<void> {
  const { onError = warner<T>(server.path), count = Infinity } = checked('serve', options, OPTIONS);
  callable('handler', handler);
  callable('onError', onError);
  if (count !== Infinity && !(Number.isSafeInteger(count) && count > 0))
    throw invalid('count', count, 'a whole number from 1 up');
  let served = 0;
  let running = 0;
  let finished: Deferred | undefined; // when handlers outlive the server
  const settled = () => {
    if (--running === 0) finished?.resolve();
  };
  const failed = (error: unknown) => {
    running--;
    if (!finished) throw error; // onError's own failure, which is nobody's to handle
    finished.reject(error);
  };
  for await (const connection of server) {
    running++;
    handle(connection, handler, onError).then(settled, failed);
    if (++served === count) break;
  }
  if (served === count) await server.close();
  if (running === 0) return;
  finished = deferred();
  await finished.promise;
}

async function handle<T>(
  connection: PipeConnection<T>,
  handler: Handler<T>,
  onError: (error: unknown, connection: PipeConnection<T>) => void,
): Promise<void> {
  try {
    await handler(connection, new Context(connection));
    await connection.close();
  } catch (error) {
    connection.close().catch(nothing); // what the handler sent before it failed still goes out
    onError(error, connection);
  }
}

/** Its signal is made when it is asked for. */
class Context implements ServeContext {
  readonly #connection: { readonly signal: AbortSignal };

  constructor(connection: { readonly signal: AbortSignal }) {
    this.#connection = connection;
  }

  get signal(): AbortSignal {
    return this.#connection.signal;
  }
}

function warner<T>(path: string): (error: unknown, connection: PipeConnection<T>) => void {
  const warnings = new HandlerWarnings(path);
  return (error, connection) => warnings.tell(error, connection);
}
