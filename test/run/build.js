// Builds what the tests run, when its sources have changed.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { must, root } from './command.js';

const cache = `${root}/node_modules/.cache/framepipe`;

/** The addon for this system: build/Release/framepipe.node. */
export const buildNative = () =>
  once('build/Release/framepipe.node', ['native', 'binding.gyp', 'package-lock.json'], () =>
    locked('build', 'npm', ['run', '--silent', 'build:native', '--', '--loglevel=warn']),
  );

/** The same addon with AddressSanitizer and UndefinedBehaviorSanitizer: build/Sanitize/framepipe.node. */
export const buildSanitized = () =>
  once('build/Sanitize/framepipe.node', ['native', 'binding.gyp', 'package-lock.json'], async () => {
    await buildNative(); // also makes the Makefile
    await locked('build', 'make', ['-s', '-C', 'build', '-j2', 'BUILDTYPE=Sanitize']);
    // FRAMEPIPE_PREBUILD=build/Sanitize makes node-gyp-build look for the addon in build/Release below that.
    rmSync(`${root}/build/Sanitize/build`, { recursive: true, force: true });
    mkdirSync(`${root}/build/Sanitize/build`);
    symlinkSync('..', `${root}/build/Sanitize/build/Release`);
  });

/** dist/, from lib/. */
export const buildTypeScript = () =>
  once('dist/index.js', ['lib', 'tsconfig.json', 'package-lock.json'], () =>
    locked('tsc', process.execPath, ['node_modules/typescript/bin/tsc']),
  );

/** prebuilds/win32-x64/framepipe.node, built here on Linux. */
export const buildWindows = () =>
  once('prebuilds/win32-x64/framepipe.node', ['native', 'package-lock.json'], () =>
    must('native/cross/prebuild.sh', []),
  );

/** The addon that tells the tests what Windows says of pipes: see test/support/witness.ts. */
export const buildWitness = () =>
  once('build-native/witness/witness.node', ['test/support/witness', 'native/flags.js', 'package-lock.json'], () =>
    locked('witness', 'make', ['-s', '-f', 'test/support/witness/Makefile']),
  );

/** The program by which the tests have clients that are other users of Windows. */
export const buildRunAs = () =>
  once('build-native/win32/run_as.exe', ['test/support/token/run_as.c'], () => {
    mkdirSync(`${root}/build-native/win32`, { recursive: true });
    const output = ['-o', 'build-native/win32/run_as.exe'];
    const source = ['test/support/token/run_as.c', '-ladvapi32'];
    return must('x86_64-w64-mingw32-gcc-posix', ['-O2', '-s', '-Wall', '-municode', ...output, ...source]);
  });

/** prebuilds/linux-…/framepipe.glibc.node: what was built, stripped and put where npm users get it. */
export async function prebuildLinux() {
  await buildNative();
  await once(`prebuilds/linux-${process.arch}/framepipe.glibc.node`, ['build/Release/framepipe.node'], () =>
    must('native/cross/prebuild.sh', ['linux']),
  );
}

/** Runs a command that must succeed, one of a `name` at a time: several runs may share a clone. */
export function locked(name, command, args) {
  if (process.platform !== 'linux') return must(command, args);
  mkdirSync(cache, { recursive: true });
  return must('flock', [`${cache}/${name}.lock`, command, ...args]);
}

// Makes `product` unless it was made from `sources` as they are now.
async function once(product, sources, make) {
  const stamp = `${cache}/${product.replaceAll('/', '-')}.inputs`;
  const inputs = sources.flatMap(inputsOf).join('\n');
  if (existsSync(`${root}/${product}`) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  const began = performance.now();
  await make();
  mkdirSync(cache, { recursive: true });
  writeFileSync(stamp, inputs);
  console.log(`built ${product} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

function inputsOf(path) {
  if (statSync(`${root}/${path}`).isDirectory()) {
    return readdirSync(`${root}/${path}`)
      .sort()
      .flatMap((name) => inputsOf(`${path}/${name}`));
  }
  return [`${path} ${statSync(`${root}/${path}`).mtimeMs}`];
}
