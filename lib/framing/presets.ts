// Protocols whose frames are more than their bytes.

import { invalid } from '../errors.ts';
import { isUint8Array, lengthOf, requireBytes } from './bytes.ts';
import { type Conversion, wrongType } from './conversion.ts';

/** A message of Discord's local RPC. */
export interface DiscordFrame<T = unknown> {
  /** 0: handshake, 1: frame, 2: close, 3: ping, 4: pong. */
  opcode: number;
  /** The value of the JSON; with `as: 'buffer'`, its bytes. */
  data: T;
}

const HEADER = 8;

/** The frame carries its header: the opcode, and the length, which native code fills in. */
export function discordConversion<T>(data: Conversion<T>): Conversion<DiscordFrame<T>> {
  return {
    toFrame(slab, begin, end) {
      return { opcode: slab.bytes.readUInt32LE(begin), data: data.toFrame(slab, begin + HEADER, end) };
    },
    toBytes(frame) {
      if (typeof frame !== 'object' || frame === null) throw wrongType(frame, '{ opcode, data } or a Uint8Array');
      const { opcode, data: given } = frame; // once: they may be the user's code
      if (!Number.isInteger(opcode) || opcode < 0 || opcode > 0xffff_ffff) {
        throw invalid('opcode', opcode, 'a whole number from 0 to 4294967295');
      }
      const payload = isUint8Array(given) ? given : data.toBytes(given);
      requireBytes(payload);
      // A length that is not the bytes' own would leave memory of this process in the frame.
      const length = lengthOf(payload);
      const bytes = Buffer.allocUnsafe(HEADER + length);
      bytes.writeUInt32LE(opcode, 0);
      bytes.writeUInt32LE(length, 4);
      bytes.set(payload, HEADER);
      return bytes;
    },
  };
}
