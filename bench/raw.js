// Builds bench/raw, the C++ program on nothing but the operating system's calls.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('raw/', import.meta.url));
const flagsOfBuild = fileURLToPath(new URL('../native/flags.js', import.meta.url));
const cache = fileURLToPath(new URL('../node_modules/.cache/framepipe/', import.meta.url));

const targets = {
  linux: { program: `${cache}bench-raw`, compiler: 'g++', platform: 'channel_posix.cc', flags: ['-pthread'] },
  // Windows' own compilers differ in their flags; MinGW's is called like this on Windows as well as on Linux.
  win32: {
    program: `${cache}bench-raw.exe`,
    compiler: process.platform === 'win32' ? 'g++' : 'x86_64-w64-mingw32-g++-posix',
    platform: 'channel_win32.cc',
    flags: ['-static'],
    defines: ['-Dwin32'],
  },
};

export const rawProgram = targets[process.platform]?.program;

/** Makes the program if its sources are newer; false when there is none and no compiler to make it. */
export function buildRaw(platform = process.platform) {
  const target = targets[platform];
  if (!target) return false;
  const { program, compiler, flags, defines = [] } = target;
  const newest = Math.max(...readdirSync(sources).map((file) => statSync(sources + file).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs >= newest) return true;
  mkdirSync(cache, { recursive: true });
  const asBuilt = execFileSync(process.execPath, [flagsOfBuild, 'std', ...defines], { encoding: 'utf8' })
    .trim()
    .split(' ');
  const files = ['main.cc', target.platform].map((file) => sources + file);
  const { status } = spawnSync(compiler, [...asBuilt, '-O2', ...flags, ...files, '-o', program], {
    stdio: 'inherit',
  });
  return status === 0;
}
