// What the stream of a connection may be asked for, and which connections may have one.
import { PipeError } from '../errors.ts';
import { type Framing, isBytes } from '../framing/framing.ts';
import { checked, type Names } from '../option-names.ts';
import { boolean, milliseconds } from '../options.ts';

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

const OPTIONS: Names<PipeDuplexOptions> = { allowHalfOpen: true, linger: true };
const LINGER = { client: 5000, server: 50 } as const;
const RAW = 'make the pipe with { framing: framing.raw() }, without `as`';

/** With defaults, checked. */
export function duplexOptions(
  options: PipeDuplexOptions,
  side: 'client' | 'server',
): { allowHalfOpen: boolean; linger: number } {
  const { allowHalfOpen = false, linger = LINGER[side] } = checked('toDuplex', options, OPTIONS);
  boolean('allowHalfOpen', allowHalfOpen);
  milliseconds('linger', linger);
  return { allowHalfOpen, linger };
}

/** Throws `EINVAL` when what arrives is something else than bytes. */
export function onlyBytes(call: string, framing: Framing<unknown>, path: string): void {
  if (!isBytes(framing)) throw new PipeError('EINVAL', `${call} is for bytes: ${RAW}`, { path });
}
