// What npm's users get. (In Windows: the "package" phase of `npm run test:windows`.)
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackage, packedFiles } from './run/package.js';

const expected = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|binding\.gyp)$/,
  /^http\/package\.json$/, // for resolvers that know no "exports"
  /^lib\/(\w+\/)?[\w-]+(\.d)?\.ts$/,
  /^dist\/(\w+\/)?[\w-]+(\.js|\.js\.map|\.d\.ts|\.d\.ts\.map)$/,
  /^native\/(\w+\/)*\w+\.(cc|h)$/,
  /^native\/(sources|flags)\.js$/,
  /^prebuilds\/(linux-x64\/framepipe\.glibc|win32-x64\/framepipe)\.node$/,
];

describe('the package', () => {
  test('contains what is needed and nothing else', async () => {
    const files: string[] = await packedFiles();
    expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(files.filter((file) => /cross|test|\.o$/.test(file))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'CHANGELOG.md',
        'LICENSE',
        'binding.gyp',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/http/index.js',
        'dist/http/index.d.ts',
        'lib/index.ts',
        'native/flags.js',
        'native/sources.js',
        'prebuilds/linux-x64/framepipe.glibc.node',
      ]),
    );
  });

  test('has all sources that a machine without a prebuild compiles', async () => {
    const files: string[] = await packedFiles();
    for (const platform of ['posix', 'win32']) {
      const sources = execFileSync(process.execPath, ['native/sources.js', platform], { encoding: 'utf8' });
      expect(files).toEqual(expect.arrayContaining(sources.trim().split('\n')));
    }
  });

  describe('installed where there is no compiler', () => {
    let installed: Awaited<ReturnType<typeof installPackage>>;
    const node = (script: string) =>
      execFileSync(process.execPath, [script], { cwd: installed.app, env: installed.env, encoding: 'utf8' });

    beforeAll(async () => {
      installed = await installPackage();
    }, 120_000);
    afterAll(() => installed?.remove());

    test('takes the prebuilt binary and compiles nothing', () => {
      expect(existsSync(`${installed.app}/node_modules/framepipe/build`)).toBe(false);
    });
    test('works from an ES module', () => expect(node('esm.mjs')).toBe('echo linux\n'));
    test('has an entry for HTTP', () => expect(node('http.mjs')).toBe('echo linux\n'));
    test('works with require()', () => expect(node('commonjs.cjs')).toBe('echo linux\n'));
  });
});
