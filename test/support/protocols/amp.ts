// Twisted's Asynchronous Messaging Protocol: boxes of keys and values, each with its length before it.
import { framing } from '../../../lib/index.ts';

export const amp = framing.custom<Record<string, string>>({
  decoder: () => (bytes, start) => {
    for (let at = start, isKey = true; ; isKey = !isKey) {
      if (at + 2 > bytes.length) return bytes.length - at - 2;
      const length = bytes.readUInt16BE(at);
      at += 2 + length;
      if (isKey && length === 0) return at;
    }
  },
  parse(box) {
    const parts: string[] = [];
    for (let at = 0; at < box.length - 2; at += 2 + box.readUInt16BE(at)) {
      parts.push(box.toString('latin1', at + 2, at + 2 + box.readUInt16BE(at)));
    }
    return Object.fromEntries(parts.flatMap((key, i) => (i % 2 === 0 ? [[key, parts[i + 1]!]] : [])));
  },
  encode(box) {
    const parts = [...Object.entries(box).flat(), ''].map((text) => Buffer.from(text, 'latin1'));
    return parts.flatMap((part) => [Buffer.of(part.length >> 8, part.length), part]);
  },
});
