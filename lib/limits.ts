// The options that limit a connection: times, and busy polling.
import { DIRECTIONS } from './constants.ts';
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

/**
 * `undefined`, if nothing is limited: native code need not look then. Throws `EINVAL`, also for a limit that could never run
 * out: whoever sets one believes to be protected. `direction`: one of DIRECTIONS, as this end sees it.
 */
export function rawLimits(given: GivenLimits, framing: Framing<unknown>, direction: number): RawLimits | undefined {
  const { busyPoll = true } = given;
  if (typeof busyPoll !== 'boolean') throw invalid('busyPoll', busyPoll, 'true or false');
  const limits = {
    firstFrameTimeout: timeout('firstFrameTimeout', given.firstFrameTimeout),
    frameTimeout: timeout('frameTimeout', given.frameTimeout),
    idleTimeout: timeout('idleTimeout', given.idleTimeout),
    writeTimeout: timeout('writeTimeout', given.writeTimeout),
    busyPoll,
  };
  const { firstFrameTimeout, frameTimeout, idleTimeout, writeTimeout } = limits;
  if (busyPoll && firstFrameTimeout + frameTimeout + idleTimeout + writeTimeout === 0) return undefined;
  for (const [option, what, cure] of without(rawFraming(framing).kind, direction))
    if (limits[option] > 0) throw new PipeError('EINVAL', `${option} is not for ${what}: use ${cure}`);
  return limits;
}

type Never = readonly [option: Exclude<keyof GivenLimits, 'busyPoll'>, forWhat: string, use: string];

/** The limits that could never run out. */
function without(kind: string, direction: number): Never[] {
  const none: Never[] = [];
  if (kind === 'raw') none.push(['frameTimeout', 'framing.raw(), which has no frames', 'idleTimeout']);
  if (kind === 'message') none.push(['frameTimeout', 'framing.message(), whose frames come whole', 'idleTimeout']);
  const sendsOnly = "direction: 'out', which receives nothing";
  if (direction === DIRECTIONS.out)
    none.push(
      ['firstFrameTimeout', sendsOnly, 'idleTimeout or writeTimeout'],
      ['frameTimeout', sendsOnly, 'idleTimeout or writeTimeout'],
    );
  if (direction === DIRECTIONS.in)
    none.push(['writeTimeout', "direction: 'in', which sends nothing", 'idleTimeout or frameTimeout']);
  return none;
}

/** In whole ms; 0: none. */
function timeout(name: string, value: number | undefined): number {
  if (value === undefined || value === Infinity) return 0;
  if (typeof value === 'number' && value > 0 && value <= LONGEST) return Math.ceil(value);
  throw invalid(name, value, `a number of milliseconds above 0, up to ${LONGEST}, or Infinity for none`);
}
