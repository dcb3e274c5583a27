// The options that limit a connection: times, and busy polling.
import { invalid, PipeError } from './errors.ts';
import { type Framing, rawFraming } from './framing/framing.ts';
import type { RawLimits } from './native.ts';

const LONGEST = 0x7fff_ffff;

/** Those of both sides, as the user gives them. */
export interface GivenLimits {
  firstFrameTimeout?: number | undefined;
  frameTimeout?: number | undefined;
  idleTimeout?: number | undefined;
  writeTimeout?: number | undefined;
  busyPoll?: boolean | undefined;
}

/** `undefined`, if nothing is limited: native code need not look then. Throws `EINVAL`. */
export function rawLimits(given: GivenLimits, framing: Framing<unknown> | undefined): RawLimits | undefined {
  const { busyPoll = true } = given;
  if (typeof busyPoll !== 'boolean') throw invalid('busyPoll', busyPoll, 'true or false');
  const limits = {
    firstFrameTimeout: timeout('firstFrameTimeout', given.firstFrameTimeout),
    frameTimeout: timeout('frameTimeout', given.frameTimeout),
    idleTimeout: timeout('idleTimeout', given.idleTimeout),
    writeTimeout: timeout('writeTimeout', given.writeTimeout),
    busyPoll,
  };
  if (limits.frameTimeout > 0 && framing && rawFraming(framing).kind === 'raw') {
    throw new PipeError('EINVAL', 'frameTimeout is not for framing.raw(), which has no frames: use idleTimeout');
  }
  const { firstFrameTimeout, frameTimeout, idleTimeout, writeTimeout } = limits;
  const limited = firstFrameTimeout + frameTimeout + idleTimeout + writeTimeout > 0 || !busyPoll;
  return limited ? limits : undefined;
}

/** In whole ms; 0: none. */
function timeout(name: string, value: number | undefined): number {
  if (value === undefined || value === Infinity) return 0;
  if (typeof value === 'number' && value > 0 && value <= LONGEST) return Math.ceil(value);
  throw invalid(name, value, `a number of milliseconds above 0, up to ${LONGEST}, or Infinity for none`);
}
