// A stream that connects by itself, for all that makes a socket and uses it at once.
import { type ConnectPlan, carryOut, connectPlan } from '../connect.ts';
import { framing } from '../framing/factories.ts';
import { checked } from '../option-names.ts';
import type { ConnectOptions } from '../options.ts';
import { PipeDuplex } from './duplex.ts';
import { duplexOptions, onlyBytes, type PipeDuplexOptions } from './options.ts';

/** For {@link connectDuplex}: those of `connect`, and those of `toDuplex`. */
export interface ConnectDuplexOptions extends ConnectOptions<Buffer>, PipeDuplexOptions {
  /** Which framing: `framing.raw()` only, for a stream is of bytes. Default: `framing.raw()`. */
  framing?: ConnectOptions<Buffer>['framing'];
}

const RAW = framing.raw();

/**
 * A stream to the pipe `name`, at once, as `net.connect()` gives a socket: for `createConnection` of an HTTP agent, `ws`, `tls`
 * and the like. It connects by itself, as `connect` does, and waits for a busy pipe (`timeout`) and, with `waitForServer`, for
 * an absent one. What is written meanwhile goes out when it is connected. Then it emits `'connect'` and `'ready'`;
 * or else `'error'` with what `connect` would reject with, and `'close'`. `destroy()` calls connecting off.
 *
 * Throws a PipeError `EINVAL` or `ENAMETOOLONG` for an invalid name or option, and `EINVAL` for a framing other than `raw()`.
 *
 * @param name as for `connect`.
 */
export function connectDuplex(name: string, options: ConnectDuplexOptions = {}): PipeDuplex {
  const { plan, streaming } = duplexPlan(name, options);
  const { channel, signal } = plan;
  const connect = async (cancelled: AbortSignal) =>
    carryOut({ ...plan, signal: signal ? AbortSignal.any([cancelled, signal]) : cancelled });
  const { framing, path, direction } = channel;
  return new PipeDuplex(connect, streaming, { framing, direction, path, streams: false, side: 'client' });
}

/** Checks all that was asked for; nothing is connected yet. */
export function duplexPlan(
  name: string,
  options: ConnectDuplexOptions,
): { plan: ConnectPlan<Buffer>; streaming: PipeDuplexOptions } {
  if (typeof options !== 'object' || options === null) checked('connectDuplex', options, {} as never);
  const { allowHalfOpen, linger, ...others } = options;
  const plan = connectPlan(name, { ...others, framing: others.framing ?? RAW });
  onlyBytes('connectDuplex', plan.channel.framing, plan.channel.path);
  return { plan, streaming: duplexOptions({ allowHalfOpen, linger }, 'client') };
}
