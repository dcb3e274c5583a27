// Watchman's BSER, version 1: a magic number, the length, a value. Sends lists of strings.
import { framing } from '../../../lib/index.ts';

function read(bytes: Buffer, cursor: { at: number }): unknown {
  const kind = bytes[cursor.at++]!;
  const many = <T>(one: () => T) => Array.from({ length: read(bytes, cursor) as number }, one);
  const next = (size: number) => bytes.subarray(cursor.at, (cursor.at += size));
  if (kind === 0) return many(() => read(bytes, cursor));
  if (kind === 1) return Object.fromEntries(many(() => [read(bytes, cursor), read(bytes, cursor)]));
  if (kind === 2) return next(read(bytes, cursor) as number).toString();
  return kind <= 5 ? next(1 << (kind - 3)).readIntLE(0, 1 << (kind - 3)) : kind === 10 ? null : kind === 8;
}

const int = (value: number) => Buffer.of(5, value, value >> 8, value >> 16, value >> 24);
const text = (value: string) => Buffer.concat([Buffer.of(2), int(Buffer.byteLength(value)), Buffer.from(value)]);
const list = (words: string[]) => Buffer.concat([Buffer.of(0), int(words.length), ...words.map(text)]);
export const bser = framing.custom<unknown>({
  decoder: () => (bytes, start) => {
    const cursor = { at: start + 2 };
    if (bytes.length < start + 7) return bytes.length - start - 7;
    const end = (read(bytes, cursor) as number) + cursor.at;
    return end <= bytes.length ? end : bytes.length - end;
  },
  parse: (pdu) => read(pdu, { at: 3 + (1 << (pdu[2]! - 3)) }),
  encode: (words) => [Buffer.of(0, 1), int(list(words as string[]).length), list(words as string[])],
});
