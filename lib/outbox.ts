// Small frames on their way into native code, gathered in memory that both sides share, so that many cross at
// once; see native/binding/outbox.h. No code of the user's runs while one is written: it is there with its bytes and its
// entry, or not at all.
import { OUTBOX_COUNT, OUTBOX_ENTRY, OUTBOX_FIRST } from './constants.ts';
import type { NativeFraming } from './native.ts';

// Of this module, so that V8 folds them into hot code: imported ones are loaded each time.
const COUNT = OUTBOX_COUNT;
const FIRST = OUTBOX_FIRST;
const ENTRY = OUTBOX_ENTRY;
const LONGEST = 2048; // copying more costs more than the crossing that it saves
// Not as a method: V8 looks for it at each call, along the chain of prototypes.
const copyTo = Function.prototype.call.bind(Uint8Array.prototype.set) as (
  target: Uint8Array,
  source: Uint8Array,
  offset: number,
) => void;

export const outbox: Uint8Array = new Uint8Array(64 * 1024);
/** How many frames, which native code sets to 0 when it takes them; then of each the connection and the length. */
export const outboxTable: Float64Array = new Float64Array(FIRST + ENTRY * 1024);
let filled = 0;

/** Copies a frame of `length` bytes. False when there is no room for it. */
export function gather(connection: number, frame: Uint8Array, length: number): boolean {
  const count = outboxTable[COUNT]! | 0; // an integer, or V8 reckons with floating-point numbers
  if (count === 0) filled = 0;
  const entry = FIRST + ENTRY * count;
  if (entry >= outboxTable.length || filled + length > outbox.length) return false;
  copyTo(outbox, frame, filled); // throws for a detached buffer, and then nothing has changed
  outboxTable[entry] = connection;
  outboxTable[entry + 1] = length;
  filled += length;
  outboxTable[COUNT] = count + 1;
  return true;
}

/** Copies frames of these lengths, from `frames[next]` on, as many as there is room for. Returns the first one that was not. */
export function gatherMany(
  connection: number,
  frames: readonly Uint8Array[],
  lengths: readonly number[],
  next: number,
): number {
  const count = outboxTable[COUNT]! | 0;
  let end = count === 0 ? 0 : filled;
  let entry = FIRST + ENTRY * count;
  for (; next < frames.length && entry < outboxTable.length; next++) {
    const length = lengths[next]!;
    if (end + length > outbox.length) break;
    copyTo(outbox, frames[next]!, end);
    end += length;
    outboxTable[entry++] = connection;
    outboxTable[entry++] = length;
  }
  filled = end;
  outboxTable[COUNT] = (entry - FIRST) / ENTRY;
  return next;
}

/** Frames of up to so many bytes may be gathered: native code accepts any of them. −1: it has to look at each. */
export function gatherable(framing: NativeFraming): number {
  return Math.min(LONGEST, framing.neverRefused);
}
