// How long to wait before something is tried again.
import { invalid, PipeError } from './errors.ts';
import { checkNames, type Names } from './option-names.ts';

/** The shortest and the longest pause, in ms. */
export interface Pauses {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

const NAMES: Names<Pauses> = { min: true, max: true };
/** A service that is restarted is seldom back sooner. */
const MIN = 100;
/** To try costs one system call where nobody serves the name: there is no reason to be away for longer than people wait. */
const MAX = 2000;
/** Of setTimeout(). */
const LONGEST = 0x7fff_ffff;

/** Pauses of random lengths, from `min` up to a limit that doubles up to `max`: so those who lost one server do not all come at once. */
export class Backoff {
  readonly #min: number;
  readonly #max: number;
  #limit: number;

  /** Throws a PipeError `EINVAL`. */
  constructor(given: Pauses) {
    if (typeof given !== 'object' || given === null) throw invalid('backoff', given, 'an object: { min, max }');
    checkNames('backoff', given, NAMES);
    // The one that is given alone moves the other's default.
    const max = duration('max', given.max ?? Math.max(MAX, duration('min', given.min ?? MIN)));
    const min = duration('min', given.min ?? Math.min(MIN, max));
    if (min > max)
      throw new PipeError('EINVAL', `backoff.min must be no more than backoff.max: ${min} is above ${max}`);
    this.#min = min;
    this.#max = max;
    this.#limit = this.#first;
  }

  /** The next pause, in ms; the one after it may be twice as long. */
  next(): number {
    const pause = this.#min + Math.random() * (this.#limit - this.#min);
    this.#limit = Math.min(this.#max, 2 * this.#limit);
    return pause;
  }

  /** What was tried has lasted for so many ms. Longer than the next pause may be: that is a success, and pauses are short again. */
  lasted(ms: number): void {
    if (ms >= this.#limit) this.#limit = this.#first;
  }

  get #first(): number {
    return Math.min(this.#max, 2 * this.#min);
  }
}

function duration(name: string, value: number): number {
  if (typeof value === 'number' && value >= 1 && value <= LONGEST) return value;
  throw invalid(`backoff.${name}`, value, `a number of milliseconds from 1 to ${LONGEST}`);
}
