// What an import says where the addon cannot be loaded: the advice follows from the cause.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { adviceOnFailure, adviceOnRuntime, type FailedLoading } from '../lib/loading-advice.ts';
import { root, run, temporaryFolder } from './support/programs.ts';
import { isLinux } from './support/system.ts';

const entry = pathToFileURL(path.join(root, 'dist/index.js')).href;
const system = `${process.platform}-${process.arch}`;

/** What a program of its own prints that imports the package: "loaded", or the error's message. */
async function imported(args: string[] = [], module = entry, env: NodeJS.ProcessEnv = {}, before = '') {
  const script = `${before}; await import(${JSON.stringify(module)}).then(() => console.log('loaded'), (e) => console.log(e.message))`;
  const program = run(process.execPath, ['--no-warnings', ...args, '--input-type=module', '-e', script], {
    env: { ...process.env, ...env },
  });
  expect(await program.ended, program.output).toBe(0);
  return program.output.trim();
}

/** The package's files, but for its binaries, in a folder of their own; the path of the module to import. */
async function copyWithout(binaries: string, packageJson = '{ "name": "framepipe", "type": "module" }') {
  const folder = await temporaryFolder();
  await cp(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true });
  await cp(path.join(root, 'node_modules/node-gyp-build'), path.join(folder, 'node_modules/node-gyp-build'), {
    recursive: true,
  });
  await writeFile(path.join(folder, 'package.json'), packageJson);
  if (binaries !== '') {
    await mkdir(path.dirname(path.join(folder, binaries)), { recursive: true });
    await writeFile(path.join(folder, binaries), 'no binary');
  }
  return pathToFileURL(path.join(folder, 'dist/index.js')).href;
}

it('an import of the package as it is succeeds', async () => {
  expect(await imported()).toBe('loaded');
});

describe('an import says what to do', () => {
  it('with --no-addons', async () => {
    expect(await imported(['--no-addons'])).toBe(
      'framepipe is a native addon, and addons are switched off in this process: start Node.js without --no-addons',
    );
  });

  it('with --permission, and works as it says', async () => {
    const flag = Number(process.versions.node.split('.')[0]) >= 23 ? '--permission' : '--experimental-permission';
    expect(await imported([flag, '--allow-fs-read=*'])).toBe(
      'framepipe is a native addon, and addons are switched off in this process: start Node.js with --allow-addons beside --permission',
    );
    expect(await imported([flag, '--allow-fs-read=*', '--allow-addons'])).toBe('loaded');
  });

  it('in Deno, and in Bun unless on Windows', async () => {
    const pretend = (name: string) =>
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, ${name}: '1.2.3' } })`;
    expect(await imported([], entry, {}, pretend('deno'))).toMatch(
      /^framepipe does not run in Deno 1\.2\.3.*Node\.js$/,
    );
    expect(await imported([], entry, {}, pretend('bun'))).toMatch(
      isLinux ? /^framepipe does not run in Bun 1\.2\.3 on linux.*Node\.js/ : /^loaded$/,
    );
  });

  it.each(['esm', 'cjs'] as const)('bundled as %s', async (format) => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'out', format === 'esm' ? 'bundle.mjs' : 'bundle.cjs');
    const bundle = await rolldown({ input: path.join(root, 'dist/index.js'), platform: 'node' });
    await bundle.write({ file, format });
    await bundle.close();
    await writeFile(path.join(folder, 'package.json'), '{ "name": "app" }');
    expect(await imported([], pathToFileURL(file).href)).toMatch(/^framepipe was bundled .*external/);
  });

  it('where FRAMEPIPE_PREBUILD names a folder without a binary', async () => {
    const folder = await temporaryFolder();
    const said = await imported([], entry, { FRAMEPIPE_PREBUILD: folder });
    expect(said).toContain(`no binary for ${system} in ${folder}, the folder that FRAMEPIPE_PREBUILD names`);
  });

  it('where the package has lost its binaries', async () => {
    expect(await imported([], await copyWithout(''))).toBe(
      `framepipe's folder has no binary for ${system}, though the package does: install it again (\`npm install framepipe\`)`,
    );
  });

  it('where the binary is damaged', async () => {
    const file = isLinux ? `prebuilds/${system}/framepipe.glibc.node` : `prebuilds/${system}/framepipe.node`;
    const said = await imported([], await copyWithout(file));
    expect(said).toMatch(
      /^framepipe's binary .*\.node could not be loaded, see the error's cause \(.*\): install it again/s,
    );
  });
});

it('the error has what happened as its cause', async () => {
  const script = `await import(${JSON.stringify(entry)}).catch((e) => console.log(e.cause.code))`;
  const program = run(process.execPath, ['--no-addons', '--input-type=module', '-e', script]);
  expect(await program.ended).toBe(0);
  expect(program.output.trim()).toBe('ERR_DLOPEN_DISABLED');
});

describe('the advice where', () => {
  const failed: FailedLoading = {
    code: 'ERR_DLOPEN_FAILED',
    message: '',
    platform: 'linux',
    arch: 'x64',
    node: 'v22.0.0',
    glibc: '2.36',
    underPermissionModel: false,
    searched: undefined,
    file: '/app/node_modules/framepipe/prebuilds/linux-x64/framepipe.glibc.node',
    place: 'package',
  };

  it.each([
    "/lib/libc.so.6: version `GLIBC_2.28' not found (required by framepipe.glibc.node)",
    "/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by framepipe.glibc.node)",
  ])('glibc is too old: %s', (message) => {
    expect(adviceOnFailure({ ...failed, message, glibc: '2.17' })).toMatch(
      /^framepipe's binary needs glibc 2\.28 or later .* this system has 2\.17: use a newer system, or build it here/,
    );
  });

  it('the system has musl and is not Alpine', () => {
    const message = 'Error loading shared library ld-linux-x86-64.so.2';
    expect(adviceOnFailure({ ...failed, message, glibc: undefined })).toMatch(/has musl: .*LIBC=musl$/);
  });

  it('there is no binary for a system', () => {
    const other = { ...failed, platform: 'freebsd', file: undefined };
    const said = adviceOnFailure({ ...other, code: undefined });
    expect(said).toMatch(
      /^framepipe has no binary for freebsd-x64 with Node v22\.0\.0, only for linux-arm64, .*win32-x64/,
    );
    expect(said).toContain('npm run prebuild');
    expect(said).not.toContain('npm rebuild');
  });

  it('a clone was not built', () => {
    expect(adviceOnFailure({ ...failed, file: undefined, place: 'clone' })).toContain('run `npm run build`');
  });

  it('the runtime is Node.js: there is none', () => {
    expect(adviceOnRuntime(process.versions, process.platform)).toBeUndefined();
  });
});
