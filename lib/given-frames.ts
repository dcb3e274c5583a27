// Frames as they are given to be sent: what is no frame is found out here, before the first one goes.
import { types } from 'node:util';
import { type BatchContents, contentsOf } from './batch.ts';
import { invalid, PipeError } from './errors.ts';
import { lengthOf, requireBytes } from './framing/bytes.ts';
import { encodes, type Framing, fromFrame, ownFromFrame } from './framing/framing.ts';

const arrayIterator = Array.prototype[Symbol.iterator];

/** What native code can take of a batch as it is: not where functions of the user's have to encode each frame. */
export function forwarded(framing: Framing<never>, frames: unknown): BatchContents | undefined {
  const contents = contentsOf(frames);
  if (!contents || (encodes(framing) && contents.framing !== framing)) return undefined;
  requireBytes(contents.slab.bytes);
  return contents;
}

/** The bytes of all of them: those that somebody else may change are copies. */
export function takeFrames<T>(framing: Framing<T>, frames: Iterable<T | Uint8Array>): Uint8Array[] {
  if (!isPlainArray(frames) || encodes(framing)) return takeCopies(framing, frames);
  const all = new Array<Uint8Array>(frames.length);
  let count = 0;
  while (count < frames.length) all[count] = fromFrame(framing, frames[count++]!);
  all.length = count; // the user's code, called for a frame, may have shortened the array
  return all;
}

/** The bounds of a batch, as native code reads them. */
export function tableOf(bounds: ArrayLike<number>): Uint32Array {
  return bounds instanceof Uint32Array ? bounds : Uint32Array.from(bounds);
}

/** How many bytes each has. Throws `EINVAL` when they are gone. */
export function lengthsOf(frames: readonly Uint8Array[]): number[] {
  const lengths = new Array<number>(frames.length);
  for (let i = 0; i < frames.length; i++) {
    lengths[i] = lengthOf(frames[i]!);
    if (lengths[i] === 0) requireBytes(frames[i]!);
  }
  return lengths;
}

/** Whether iterating gives what is in it. Getters of elements, which could give the same memory twice, are not looked for. */
function isPlainArray<F>(frames: Iterable<F>): frames is readonly F[] {
  return Array.isArray(frames) && frames[Symbol.iterator] === arrayIterator && !types.isProxy(frames);
}

// An iterator may yield the same memory again with other bytes in it, and encode() of framing.custom() return it.
function takeCopies<T>(framing: Framing<T>, frames: Iterable<T | Uint8Array>): Uint8Array[] {
  // These are iterable as well: their characters, or numbers, would be taken for frames.
  if (typeof frames === 'string' || ArrayBuffer.isView(frames)) {
    throw new PipeError(
      'EINVAL',
      'frames must be an iterable of frames, not a single one: put it in an array, [frame]',
    );
  }
  if (typeof (frames as Partial<typeof frames> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw invalid('frames', frames, 'an iterable of frames, such as an array');
  const all: Uint8Array[] = [];
  for (const frame of frames) all.push(ownFromFrame(framing, frame));
  return all;
}
