// A program with musl that loads the addon: no Node.js for musl can be had from the npm registry. It has a function of
// each name that the addon takes from Node.js, which does nothing; so the loading is tried, and what it would call is not.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readElf } from '../../native/prebuilt/elf.js';
import { FROM_HOST } from '../../native/prebuilt/problems.js';
import { targets } from '../../native/prebuilt/targets.js';
import { must, needPackages, root } from '../run/command.js';
import { debianFiles } from './debian.js';

const PROCESSORS = {
  x64: { debian: 'amd64', zig: 'x86_64', emulator: [] },
  arm64: { debian: 'arm64', zig: 'aarch64', emulator: ['qemu-aarch64-static'] },
};

const program = (functions) => `
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
${functions.map((name) => `void ${name}(void) {}`).join('\n')}
int main(int count, char** arguments) {
  void* addon = dlopen(arguments[1], RTLD_NOW);
  if (!addon) return puts(dlerror()), 1;
  int32_t (*version)(void) = (int32_t (*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  if (!version || !dlsym(addon, "napi_register_module_v1")) return puts(dlerror()), 1;
  printf("ok Node-API %d\\n", (int)version());
  return 0;
}
`;

/** The program for this processor: `{ name, command, args, env, expected }`. */
export async function muslProgram(arch) {
  const { debian, zig, emulator } = PROCESSORS[arch];
  if (emulator.length > 0) needPackages('qemu-user-static');
  const { file } = targets.find(({ name }) => name === `linux-${arch}-musl`);
  const folder = `${root}/build-native/musl-${arch}`;
  mkdirSync(folder, { recursive: true });
  const { imports } = readElf(readFileSync(`${root}/${file}`));
  writeFileSync(`${folder}/loads.c`, program(imports.filter((name) => FROM_HOST.test(name))));
  const compiler = (await must('native/cross/zig.sh', [])).trim().split('\n').at(-1);
  const target = ['-target', `${zig}-linux-musl`, '-lc', '-dynamic', '-rdynamic'];
  await must(compiler, ['build-exe', ...target, 'loads.c', '-femit-bin=loads'], { cwd: folder });
  const linker = `${await debianFiles('bookworm', debian, ['musl'])}/lib/ld-musl-${zig}.so.1`;
  const [command, ...args] = [...emulator, linker, `${folder}/loads`, `${root}/${file}`];
  const name = `a program with musl${emulator.length > 0 ? ' under qemu' : ''}, which loads it and calls nothing`;
  return { name, command, args, env: {}, expected: /^ok Node-API 9$/m };
}
