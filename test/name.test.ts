import { posix } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect, listen } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a name on Windows', () => {
  const path = (name: string, host?: string) => pipePath(name, host, 'win32');

  it.each([
    ['reports', '\\\\.\\pipe\\reports'],
    ['with space', '\\\\.\\pipe\\with space'],
    ['\\\\.\\pipe\\full', '\\\\.\\pipe\\full'],
    ['\\\\.\\pipe\\LOCAL\\app', '\\\\.\\pipe\\LOCAL\\app'],
    ['//./pipe/slashes', '//./pipe/slashes'],
    ['\\\\SERVER\\pipe\\x', '\\\\SERVER\\pipe\\x'],
  ])('%s is %s', (name, expected) => {
    expect(path(name)).toBe(expected);
  });

  it('takes a host', () => {
    expect(path('x', 'SERVER')).toBe('\\\\SERVER\\pipe\\x');
    expect(() => path('\\\\.\\pipe\\x', 'SERVER')).toThrow(/host/);
    for (const host of ['a\\b', 'a/b', '', ' ', '..', '?', 'a:b', 'a@80', 'a@SSL@443'])
      expect(() => path('x', host), host).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(path('x', '.')).toBe('\\\\.\\pipe\\x');
    expect(() => path('..', 'SERVER')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it.each([
    ...['', 'a\0b', 'anonymous', 'Anonymous', '\\\\.\\pipe\\anonymous', 'a\\b', '\\\\.\\other\\x', '\\\\.\\pipe\\'],
    // Windows would take another path: an SMB connection to a stranger, a file, another pipe.
    ...['../UNC/evil/pipe/x', '../C:/file', '..\\x', '..', '.', 'x.', 'x ', 'x. ', 'x..', '/x', 'x/', '/run/x', 'a/b'],
    ...['..', '.', '..\\..\\UNC\\evil\\x', 'a\\..\\..\\x', 'a\\.', 'a.\\b', 'a\\b ', 'a\\\\b', 'a/../b', 'x. '].flatMap(
      (bad) => [`\\\\.\\pipe\\${bad}`, `//./pipe/${bad}`, `\\\\SERVER\\pipe\\${bad}`],
    ),
    ...[
      '\\\\?\\pipe\\x',
      '\\\\..\\pipe\\x',
      '\\\\a b\\pipe\\x',
      '\\\\a:b\\pipe\\x',
      '\\\\a@SSL\\pipe\\x',
      '//a@80/pipe/x',
      'half \ud800',
      '\udc00',
    ],
  ])('refuses %j', (name) => {
    expect(() => path(name)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('may have 256 characters in all', () => {
    expect(path('n'.repeat(247))).toHaveLength(256);
    expect(() => path('n'.repeat(248))).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }));
  });
});

describe('a name elsewhere', () => {
  const path = (name: string, host?: string) => pipePath(name, host, 'linux');

  it('is in the temporary folder, where .NET looks', () => {
    vi.stubEnv('TMPDIR', '/var/tmp');
    expect(path('reports')).toBe('/var/tmp/CoreFxPipe_reports');
    vi.stubEnv('TMPDIR', '/var/tmp/');
    expect(path('reports')).toBe('/var/tmp/CoreFxPipe_reports');
  });

  it('is resolved when the temporary folder is a relative path', () => {
    vi.stubEnv('TMPDIR', 'here');
    expect(path('reports')).toBe(posix.resolve('here', 'CoreFxPipe_reports'));
    expect(posix.isAbsolute(path('reports'))).toBe(true);
  });

  it('may be an absolute path', () => {
    expect(path('/run/app/socket')).toBe('/run/app/socket');
  });

  it.each([
    ...['', 'a\0b', 'anonymous', 'ANONYMOUS', 'a/b', '/run/folder/', '../up'],
    ...['.', '..', 'x.', 'x ', 'a\\b', '\\\\.\\pipe\\x', '//./pipe/x', '\\\\SERVER\\pipe\\x', 'half \ud800'],
  ])('refuses %j', (name) => {
    expect(() => path(name)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('of Windows is refused with the name to write instead', () => {
    expect(() => path('\\\\.\\pipe\\reports')).toThrow(/"reports"/);
  });

  it('refuses a host, except this one', () => {
    expect(() => path('x', 'SERVER')).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
    expect(() => path('x', '.')).not.toThrow();
  });

  it('may have 107 bytes in all, as sun_path has', () => {
    const longest = `/${'n'.repeat(106)}`;
    expect(path(longest)).toBe(longest);
    expect(() => path(`${longest}n`)).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }));
    expect(() => path(`/${'ü'.repeat(54)}`)).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }));
  });
});

describe('a bad name', () => {
  it.each([
    ['', 'EINVAL'],
    ['a\0b', 'EINVAL'],
    ['anonymous', 'EINVAL'],
    ['n'.repeat(500), 'ENAMETOOLONG'],
  ])('rejects listen and connect: %j', async (name, code) => {
    await expect(listen(name)).rejects.toMatchObject({ name: 'PipeError', code });
    await expect(connect(name)).rejects.toMatchObject({ name: 'PipeError', code });
  });

  it('that is no string is refused, too', async () => {
    await expect(listen(undefined as unknown as string)).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(connect(42 as unknown as string)).rejects.toMatchObject({ code: 'EINVAL' });
  });
});
