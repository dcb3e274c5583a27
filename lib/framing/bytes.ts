// Bytes that somebody else owns: measured by what they are, not by what their object says, for its properties may be the
// user's code.
import { types } from 'node:util';
import { PipeError } from '../errors.ts';

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getter = <V>(name: string) =>
  Function.prototype.call.bind(Object.getOwnPropertyDescriptor(prototype, name)!.get!) as (bytes: Uint8Array) => V;
const bufferOf = getter<ArrayBufferLike>('buffer');

/** How many there are; 0 when the buffer is detached. */
export const lengthOf: (bytes: Uint8Array) => number = getter<number>('length');

/** Also of another realm, as in a test runner's sandbox. */
export const isUint8Array: (value: unknown) => value is Uint8Array = types.isUint8Array;

/** Throws `EINVAL` when their memory was transferred away: they would count as an empty frame. */
export function requireAttached(bytes: Uint8Array): void {
  if (lengthOf(bytes) > 0) return;
  try {
    new Uint8Array(bufferOf(bytes)); // only a detached buffer refuses; Node 20 has no ArrayBuffer.prototype.detached
  } catch {
    throw new PipeError(
      'EINVAL',
      'the bytes are gone: their ArrayBuffer is detached, by transfer() or postMessage(); send a copy',
    );
  }
}

/** A copy that nobody else can change. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  requireAttached(bytes);
  return new Uint8Array(bytes);
}
