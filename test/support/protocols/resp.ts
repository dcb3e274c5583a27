// Redis's protocol (RESP2): commands are arrays of strings.
import { framing } from '../../../lib/index.ts';

type Reply = string | number | null | Reply[];

function read(bytes: Buffer, at: number): [reply: Reply, end: number] | undefined {
  const [kind, line] = [String.fromCharCode(bytes[at]!), bytes.indexOf('\r\n', at)];
  if (line < 0) return undefined;
  const [text, begin] = [bytes.toString('utf8', at + 1, line), line + 2];
  if (kind !== '*' && kind !== '$') return [kind === ':' ? Number(text) : text, begin];
  if (text === '-1') return [null, begin];
  const end = begin + Number(text);
  if (kind === '$') return bytes.length < end + 2 ? undefined : [bytes.toString('utf8', begin, end), end + 2];
  let next: ReturnType<typeof read> = [[], begin];
  const replies: Reply[] = [];
  while (replies.length < Number(text) && (next = read(bytes, next[1]))) replies.push(next[0]);
  return next && [replies, next[1]];
}

const bulk = (word: Reply) => Buffer.from(`$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`);
export const resp = framing.custom<Reply>({
  decoder: () => (bytes, start) => read(bytes, start)?.[1] ?? -1,
  parse: (frame) => read(frame, 0)![0],
  encode: (words) => [Buffer.from(`*${[words].flat().length}\r\n`), ...[words].flat().map(bulk)],
});
