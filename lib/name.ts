import path from 'node:path';
import { invalid, PipeError } from './errors.ts';

const WINDOWS_PREFIX = '\\\\.\\pipe\\';
/** `\\HOST\pipe\NAME`; the host may be `.`. Slashes are taken as well, as Windows does. */
const WINDOWS_PATH = /^[\\/]{2}([^\\/]+)[\\/]pipe[\\/](.+)$/is;
const WINDOWS_LONGEST = 256;
/** sun_path, less its NUL. */
const SOCKET_LONGEST = 107;

/**
 * The path behind a pipe's name, the one that .NET uses: `\\\\.\\pipe\\NAME` on Windows,
 * `$TMPDIR/CoreFxPipe_NAME` (or `/tmp/…`) elsewhere. Full paths are taken as they are.
 * An invalid name is refused here, before anything is created: names that Windows would understand as another path (`..`,
 * a trailing dot or blank), and plain names that would not be the same on both systems.
 */
export function pipePath(name: string, host?: string, platform: NodeJS.Platform = process.platform): string {
  if (typeof name !== 'string') throw invalid('name', name, 'a string');
  if (name === '') throw invalid('name', name, 'a pipe name such as "reports"');
  if (name.includes('\0')) throw invalid('name', name, 'without NUL characters');
  if (!name.isWellFormed()) throw invalid('name', name, 'without half of a surrogate pair');
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
  if (full) checkHost('name', full[1]!);
  if (host !== undefined) checkHost('host', host);
  if (full) checkSegments(name, full[2]!);
  else checkPlain(name, 'a path like \\\\.\\pipe\\NAME');
  const result = full ? name : host === undefined ? WINDOWS_PREFIX + name : `\\\\${host}\\pipe\\${name}`;
  if (result.length > WINDOWS_LONGEST) throw tooLong(result, WINDOWS_LONGEST, 'characters');
  return result;
}

function socketPath(name: string, host: string | undefined): string {
  if (host !== undefined && host !== '.') {
    checkHost('host', host);
    throw new PipeError('ENOTSUP', `host is for Windows: a Unix socket cannot be reached on another machine (${host})`);
  }
  const windows = WINDOWS_PATH.exec(name);
  if (windows)
    throw invalid('name', name, `"${windows[2]}", which is the same pipe on both systems, or an absolute path`);
  const rooted = path.posix.isAbsolute(name);
  if (name.endsWith('/')) throw invalid('name', name, 'a socket, not a folder');
  if (!rooted) checkPlain(name, 'an absolute path');
  // Resolved now: the socket is removed at the end, wherever the process has gone by then.
  const result = rooted ? name : path.posix.resolve(temporaryFolder(), `CoreFxPipe_${name}`);
  if (Buffer.byteLength(result) > SOCKET_LONGEST) throw tooLong(result, SOCKET_LONGEST, 'bytes');
  return result;
}

// The same on both systems, so that a name means the same pipe on both or none at all.
function checkPlain(name: string, otherwise: string): void {
  if (/[\\/]/.test(name)) throw invalid('name', name, `without "/" and "\\", or ${otherwise}`);
  checkSegments(name, name);
}

// Windows resolves "." and "..", and drops dots and blanks at the end of a path: the name would be another one, or not a
// pipe's.
function checkSegments(name: string, bare: string): void {
  if (bare.toLowerCase() === 'anonymous')
    throw invalid('name', name, 'another: "anonymous" is reserved by Windows and .NET');
  const segments = bare.split(/[\\/]/);
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw invalid('name', name, 'without "." and ".." and without empty parts: Windows would take another path');
  if (segments.some((segment) => /[. ]$/.test(segment)))
    throw invalid('name', name, 'without a dot or a blank at its end: Windows drops them, and means another pipe');
}

// "server@80" is no machine to Windows, but WebDAV: a file of a web server, which gets the user's credentials.
function checkHost(option: string, host: string): void {
  if (typeof host !== 'string') throw invalid(option, host, 'a string');
  if (host === '.') return;
  if (!/^[^\\/\0\s?*<>|":@]+$/.test(host) || /^\.+$/.test(host))
    throw invalid(option, host, 'the name or address of a machine, or "." for this one');
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
