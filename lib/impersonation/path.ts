// Arguments of file operations, as node:fs takes them.
import { constants, type OpenMode, type PathLike } from 'node:fs';
import { toNamespacedPath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalid } from '../errors.ts';
import { isUint8Array } from '../framing/bytes.ts';

/** A path for native code: on Windows in the form that may be long. */
export function nativePath(path: PathLike): string | Uint8Array {
  const given = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof given !== 'string' && !isUint8Array(given)) throw invalid('path', path, 'a string, a Buffer or a URL');
  if (typeof given === 'string' ? given.includes('\0') : given.includes(0)) throw invalid('path', path, 'without NUL');
  if (process.platform !== 'win32') return given;
  return toNamespacedPath(typeof given === 'string' ? given : Buffer.from(given).toString());
}

/** A path that native code gave. */
export function plainPath(path: string): string {
  return process.platform === 'win32'
    ? path.replace(/^\\\\\?\\(?:UNC\\)?/, (prefix) => (prefix.length > 4 ? '\\\\' : ''))
    : path;
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_SYNC = 0, O_TRUNC, O_WRONLY } = constants;
const FLAGS: Record<string, number> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  'w+': O_TRUNC | O_CREAT | O_RDWR,
  'wx+': O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY | O_SYNC,
  'a+': O_APPEND | O_CREAT | O_RDWR,
  'ax+': O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  'as+': O_APPEND | O_CREAT | O_RDWR | O_SYNC,
};

/** `'r'`, `'wx+'` … or a number of `fs.constants.O_*`. */
export function openFlags(flags: OpenMode): number {
  if (typeof flags === 'number' && Number.isInteger(flags) && flags >= 0) return flags;
  const name = String(flags).replace(/^([sx])([rwa])/, '$2$1'); // 'sr' and 'xw' are other ways to write 'rs' and 'wx'
  if (typeof flags === 'string' && Object.hasOwn(FLAGS, name)) return FLAGS[name]!;
  throw invalid('flags', flags, "one of Node's, such as 'r' or 'w+', or a number");
}

/** `0o644`, or `'644'`. */
export function fileMode(mode: string | number): number {
  const number = typeof mode === 'string' && /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : mode;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 0xffff_ffff) return number;
  throw invalid('mode', mode, 'a number, or a string of octal digits');
}
