import path from 'node:path';
import { invalid, PipeError } from './errors.ts';

const WINDOWS_PREFIX = '\\\\.\\pipe\\';
/** `\\HOST\pipe\NAME`; the host may be `.`. Slashes are taken as well, as Windows does. */
const WINDOWS_PATH = /^[\\/]{2}([^\\/]+)[\\/]pipe[\\/](.+)$/is;
const WINDOWS_LONGEST = 256;
/** sun_path, less its NUL. */
const SOCKET_LONGEST = 107;

/**
 * The path behind a pipe's name, the one that .NET uses: `\\.\pipe\NAME` on Windows,
 * `$TMPDIR/CoreFxPipe_NAME` (or `/tmp/…`) elsewhere. Full paths are taken as they are.
 * A name that cannot be is refused here, before anything is created.
 */
export function pipePath(name: string, host?: string, platform: NodeJS.Platform = process.platform): string {
  if (typeof name !== 'string') throw invalid('name', name, 'a string');
  if (name === '') throw invalid('name', name, 'a pipe name such as "reports"');
  if (name.includes('\0')) throw invalid('name', name, 'without NUL characters');
  return platform === 'win32' ? windowsPath(name, host) : socketPath(name, host);
}

/** Whether a Windows path leads to another machine. */
export function isRemote(path: string): boolean {
  const host = WINDOWS_PATH.exec(path)?.[1];
  return host !== undefined && host !== '.';
}

function windowsPath(name: string, host: string | undefined): string {
  const full = WINDOWS_PATH.exec(name);
  if (full && host !== undefined) throw invalid('host', host, `left out when the name ${name} has one already`);
  if (!full && /^[\\/]{2}/.test(name)) throw invalid('name', name, 'a name, or a path like \\\\.\\pipe\\NAME');
  if (host !== undefined && !/^[^\\/\0\s]+$/.test(host))
    throw invalid('host', host, 'the name or address of a machine');
  const bare = full?.[2] ?? name;
  if (!full && bare.includes('\\'))
    throw invalid('name', name, 'without backslashes, or a path like \\\\.\\pipe\\NAME');
  if (bare.toLowerCase() === 'anonymous') throw invalid('name', name, 'another: "anonymous" is reserved by Windows');
  const result = full ? name : host === undefined ? WINDOWS_PREFIX + name : `\\\\${host}\\pipe\\${name}`;
  if (result.length > WINDOWS_LONGEST) throw tooLong(result, WINDOWS_LONGEST, 'characters');
  return result;
}

function socketPath(name: string, host: string | undefined): string {
  if (host !== undefined && host !== '.') {
    throw new PipeError('ENOTSUP', `host is for Windows: a Unix socket cannot be reached on another machine (${host})`);
  }
  if (name.toLowerCase() === 'anonymous') throw invalid('name', name, 'another: "anonymous" is reserved by .NET');
  const rooted = path.posix.isAbsolute(name);
  if (name.endsWith('/')) throw invalid('name', name, 'a socket, not a folder');
  if (!rooted && name.includes('/')) throw invalid('name', name, 'a name without "/", or an absolute path');
  const result = rooted ? name : path.posix.join(temporaryFolder(), `CoreFxPipe_${name}`);
  if (Buffer.byteLength(result) > SOCKET_LONGEST) throw tooLong(result, SOCKET_LONGEST, 'bytes');
  return result;
}

// .NET looks at TMPDIR alone; os.tmpdir() would fall back on TMP and TEMP first, and the two sides miss each other.
function temporaryFolder(): string {
  return process.env.TMPDIR || '/tmp';
}

function tooLong(path: string, longest: number, unit: string): PipeError {
  return new PipeError(
    'ENAMETOOLONG',
    `ENAMETOOLONG: a pipe's path may have ${longest} ${unit}, this one is longer: ${path}`,
    { path },
  );
}
