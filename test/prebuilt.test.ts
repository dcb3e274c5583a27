// What is wrong with a binary is found before it is published: made-up files, each with one thing wrong, and a real one.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readElf } from '../native/prebuilt/elf.js';
import { readPe } from '../native/prebuilt/pe.js';
import { elfProblems, peProblems } from '../native/prebuilt/problems.js';
import { root } from './support/programs.ts';
import { isLinux, on } from './support/system.ts';

const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

describe('a Linux binary', () => {
  const target = { arch: 'x64', glibc: '2.28' };
  const good = {
    arch: 'x64',
    needed: ['libc.so.6', 'libpthread.so.0', 'ld-linux-x86-64.so.2'],
    versions: ['GLIBC_2.2.5', 'GLIBC_2.28'],
    imports: ['napi_create_object', 'uv_poll_init', 'memcpy'],
    exports: exported,
    stackIsExecutable: false,
    relro: true,
    bindsNow: true,
    stripped: true,
  };

  it('may be as it should', () => {
    expect(elfProblems(good, target)).toEqual([]);
    const musl = { ...good, needed: ['libc.so'], versions: [] };
    expect(elfProblems(musl, { arch: 'x64', glibc: undefined })).toEqual([]);
  });

  it.each([
    [{ arch: 'arm64' }, 'is for arm64'],
    [{ needed: ['libc.so.6', 'libstdc++.so.6'] }, 'needs libstdc++.so.6'],
    [{ versions: ['GLIBC_2.28', 'GLIBC_2.34'] }, 'needs GLIBC_2.34'],
    [{ versions: ['GLIBC_2.3', 'GLIBCXX_3.4'] }, 'needs GLIBCXX_3.4'],
    [
      { versions: ['2.29', '2.30', '2.31', '2.32', '2.33', '2.34', '2.35'].map((number) => `GLIBC_${number}`) },
      'needs GLIBC_2.29, GLIBC_2.30, GLIBC_2.31, GLIBC_2.32, GLIBC_2.33 and 2 more',
    ],
    [{ exports: ['node_api_module_get_api_version_v1'] }, 'does not have napi_register_module_v1'],
    [{ exports: [...exported, '_ZTISt9exception'] }, 'lets others see _ZTISt9exception'],
    [{ stackIsExecutable: true }, 'has an executable stack'],
    [{ relro: false }, 'leaves its table of functions writable (no full RELRO)'],
    [{ bindsNow: false }, 'leaves its table of functions writable (no full RELRO)'],
    [{ imports: ['memcpy'] }, 'takes nothing from Node.js'],
    [{ stripped: false }, 'has symbols'],
  ])('%j', (wrong, problem) => {
    expect(elfProblems({ ...good, ...wrong }, target)).toEqual([problem]);
  });

  it('for musl must not need glibc', () => {
    expect(elfProblems({ ...good, versions: [] }, { arch: 'x64', glibc: undefined })).toEqual([
      `needs ${good.needed.join(', ')}`,
    ]);
  });
});

describe('a Windows binary', () => {
  const target = { arch: 'arm64' };
  const good = {
    arch: 'arm64',
    timestamp: 0,
    imports: ['KERNEL32.dll', 'ADVAPI32.dll', 'api-ms-win-crt-heap-l1-1-0.dll'],
    findsHost: true,
    exports: exported,
    relocatable: true,
    highEntropy: true,
    noExecute: true,
    controlFlowGuard: false,
    version,
    stripped: true,
  };

  it('may be as it should', () => expect(peProblems(good, target)).toEqual([]));

  it.each([
    [{ arch: 'x64' }, 'is for x64'],
    [{ timestamp: 1 }, 'tells when it was made, and so is another file each time'],
    [{ imports: ['libstdc++-6.dll'] }, 'needs libstdc++-6.dll'],
    [{ findsHost: false }, 'does not look for Node.js in the program that loads it'],
    [{ highEntropy: false }, 'is loaded at a known address (no ASLR)'],
    [{ noExecute: false }, 'may execute data (no NX)'],
    [{ version: undefined }, `tells version undefined, and package.json ${version}`],
    [{ stripped: false }, 'has symbols'],
  ])('%j', (wrong, problem) => {
    expect(peProblems({ ...good, ...wrong }, target)).toEqual([problem]);
  });
});

// The addon as node-gyp builds it has its C++ runtime outside, and symbols.
on(isLinux && !process.env.PREBUILDS_ONLY, 'what is read of the addon that was built here', () => {
  it('is what it is', () => {
    const elf = readElf(readFileSync(path.join(root, 'build/Release/framepipe.node')));
    expect(elf.arch).toBe(process.arch);
    expect(elf.needed).toContain('libc.so.6');
    expect(elf.versions.filter((name) => !/^(GLIBC|GLIBCXX|CXXABI|GCC)_[\d.]+$/.test(name))).toEqual([]);
    expect(elf.versions).toContain('GLIBC_2.14');
    expect(elf.imports).toEqual(expect.arrayContaining(['napi_create_object', 'uv_poll_init']));
    expect(elf.exports).toEqual(expect.arrayContaining(exported));
    expect(elf).toMatchObject({ stackIsExecutable: false, relro: true, stripped: false });
  });

  it('is not taken for another format', () => {
    const file = readFileSync(path.join(root, 'build/Release/framepipe.node'));
    expect(() => readPe(file)).toThrow('no 64-bit PE file');
    expect(() => readElf(Buffer.from('MZ'.padEnd(128)))).toThrow('no 64-bit ELF file');
  });
});
