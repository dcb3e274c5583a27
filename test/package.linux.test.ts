// What npm's users get. (In Windows: the "package" phase of `npm run test:windows`.)
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { targets } from '../native/prebuilt/targets.js';
import { installPackage, packedFiles } from './run/package.js';

const expected = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  /^http\/package\.json$/, // for resolvers that know no "exports"
  /^lib\/(\w+\/)?[\w-]+\.ts$/,
  /^dist\/(\w+\/)?[\w-]+(\.js|\.js\.map|\.d\.ts|\.d\.ts\.map)$/,
  /^prebuilds\/((linux-x64|linux-arm64)\/framepipe\.(glibc|musl)|(win32-x64|win32-arm64)\/framepipe)\.node$/,
];

describe('the package', () => {
  test('contains what is needed and nothing else', async () => {
    const files: string[] = await packedFiles();
    expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'CHANGELOG.md',
        'LICENSE',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/http/index.js',
        'dist/http/index.d.ts',
        'lib/index.ts',
        `prebuilds/linux-${process.arch}/framepipe.glibc.node`,
      ]),
    );
  });

  test('gives package managers nothing to run or to compile', () => {
    const { scripts, gypfile, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
    // `prepare` as well: npm counts it when it installs a tarball.
    expect(gypfile).toBe(false); // the repository's binding.gyp would be taken for an install script
    expect(Object.keys(dependencies)).toEqual(['node-gyp-build']);
  });

  test('is not packed while a binary is missing', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    const clone = mkdtempSync(`${tmpdir()}/framepipe-clone-`);
    cpSync('native', `${clone}/native`, { recursive: true });
    writeFileSync(
      `${clone}/package.json`,
      JSON.stringify({ name: 'clone', version: '1.0.0', type: 'module', scripts: { prepack: scripts.prepack } }),
    );
    const { status, stderr } = spawnSync('npm', ['pack', '--loglevel=error'], { cwd: clone, encoding: 'utf8' });
    const packed = readdirSync(clone).filter((file) => file.endsWith('.tgz'));
    rmSync(clone, { recursive: true });
    expect(status).toBe(1);
    for (const { file } of targets) expect(stderr).toContain(`${file} is missing`);
    expect(packed).toEqual([]);
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
