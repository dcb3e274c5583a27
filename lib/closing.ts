// A graceful close, which waits for the peer no longer than it may.
import { setImmediate } from 'node:timers';
import type { Ending } from './ending.ts';
import { PipeError } from './errors.ts';
import { checked, type Names } from './option-names.ts';
import { milliseconds } from './options.ts';

const CLOSE: Names<{ timeout?: number | undefined }> = { timeout: true };
const DEFAULT_TIMEOUT = 5000;
/** Of setTimeout(), in ms. */
export const LONGEST_TIMER = 0x7fff_ffff;

/** A connection, as far as it matters here. */
interface Closing {
  readonly path: string;
  readonly ending: Pick<Ending, 'state' | 'closed'>;
  close(): void;
  destroy(error: PipeError): void;
}

/** The timeout in the options of `close`, in ms. Throws `EINVAL`. */
export function closeTimeout(options: { timeout?: number | undefined } | undefined): number {
  if (options === undefined) return DEFAULT_TIMEOUT;
  const { timeout = DEFAULT_TIMEOUT } = checked('close', options, CLOSE);
  return milliseconds('timeout', timeout);
}

/** `PipeConnection.close` */
export async function close(connection: Closing, options: { timeout?: number | undefined } | undefined): Promise<void> {
  const timeout = closeTimeout(options);
  connection.close();
  if (connection.ending.state === 'closed') return;
  const timer =
    timeout === Infinity ? undefined : setTimeout(() => abandon(connection, timeout), Math.min(timeout, LONGEST_TIMER));
  try {
    await connection.ending.closed;
  } catch (error) {
    // The peer's leaving first is an end, too; what could not be delivered is not kept silent.
    if (error instanceof PipeError && error.code === 'ETIMEDOUT') throw error;
  } finally {
    clearTimeout(timer);
  }
}

// Timers come before what has happened meanwhile: that is looked at first, for this process may have been busy.
function abandon(connection: Closing, timeout: number): void {
  setImmediate(() => connection.ending.state !== 'closed' && dropRest(connection, timeout));
}

function dropRest(connection: Closing, timeout: number): void {
  const { path } = connection;
  const message = `close ETIMEDOUT ${path}: the peer did not read what was sent within ${timeout} ms; the rest is dropped`;
  connection.destroy(new PipeError('ETIMEDOUT', message, { syscall: 'close', path }));
}
