// Bytes that somebody else owns: measured by what they are, not by what their object says, for its properties may be the
// user's code.
import { types } from 'node:util';
import { PipeError } from '../errors.ts';

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getter = <V>(name: string) =>
  Function.prototype.call.bind(Object.getOwnPropertyDescriptor(prototype, name)!.get!) as (bytes: Uint8Array) => V;
const bufferOf = getter<ArrayBufferLike>('buffer');
const offsetOf = getter<number>('byteOffset');
const NO_BYTES = new Uint8Array(0);

/** How many there are; 0 when they are gone. */
export const lengthOf: (bytes: Uint8Array) => number = getter<number>('length');

/** Also of another realm, as in a test runner's sandbox. */
export const isUint8Array: (value: unknown) => value is Uint8Array = types.isUint8Array;

/** Throws `EINVAL` when their memory was transferred or cut away: they would count as an empty frame. */
export function requireBytes(bytes: Uint8Array): void {
  if (lengthOf(bytes) > 0) return;
  try {
    NO_BYTES.set(bytes); // refuses what is gone, and only that; Node 20 has no ArrayBuffer.prototype.detached
  } catch {
    throw new PipeError(
      'EINVAL',
      'the bytes are gone: their ArrayBuffer is detached, by transfer() or postMessage(), or too short, by resize(); ' +
        'send a copy',
    );
  }
}

/** A copy that nobody else can change. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  requireBytes(bytes);
  return new Uint8Array(bytes);
}

/** One after the other. */
export function together(parts: readonly Uint8Array[]): Uint8Array {
  const lengths = parts.map(lengthOf);
  const all = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  parts.forEach((part, i) => {
    all.set(partOf(part, 0, lengths[i]!), at);
    at += lengths[i]!;
  });
  return all;
}

/** A view of some of them: not by subarray(), which may be the user's. */
export function partOf(bytes: Uint8Array, begin: number, length: number): Uint8Array {
  return new Uint8Array(bufferOf(bytes), offsetOf(bytes) + begin, length);
}
