// The programs on Linux x64 that can load a binary of prebuilds/: each with its command, and what it must print.
import { nodeFor } from '../install/download.js';
import { needPackages, root } from '../run/command.js';
import { debianFiles } from './debian.js';
import { muslProgram } from './musl.js';

const NODES = ['20.19.0', '22.12.0', '24.21.0', '26.12.1'];
/** The oldest and the newest that users have: an emulator takes its time. */
const EMULATED_NODES = ['20.19.0', '24.21.0'];
const FIRST_PROGRAM = [`${root}/test/install/first.mjs`, `${root}/dist/index.js`];
// node-gyp-build would take what was built in build/.
const PREBUILT = { PREBUILDS_ONLY: '1' };

/** Resolves to `{ name, command, args, env, expected }` for each program that can load a target's binary. */
export async function hostsOf({ name }) {
  return (await hosts[name]?.()) ?? [];
}

const hosts = {
  'linux-x64': async () => [
    ...(await everyNode(NODES, 'x64', here)),
    ...(await everyNode(NODES, 'x64', await debian11())),
  ],
  'linux-arm64': async () => everyNode(EMULATED_NODES, 'arm64', emulated()),
  'linux-x64-musl': async () => [await muslProgram('x64')],
  'linux-arm64-musl': async () => [await muslProgram('arm64')],
  'win32-x64': async () => ['20', '22', '24'].map(underWine),
};

function everyNode(versions, arch, place) {
  return Promise.all(
    versions.map(async (version) => {
      const [command, ...args] = [...place.command, await nodeFor(version, arch), ...FIRST_PROGRAM];
      const name = `Node ${version} ${place.name}`;
      return {
        name,
        command,
        args,
        env: { ...PREBUILT, ...place.env },
        expected: new RegExp(`^ok linux-${arch} v`, 'm'),
      };
    }),
  );
}

const here = { name: 'here', command: [], env: {} };

// With the C library that Debian 11 had, run by its own dynamic linker.
async function debian11() {
  const folder = await debianFiles('bullseye', 'amd64', ['libc6', 'libgcc-s1', 'libstdc++6']);
  const libraries = ['lib', 'usr/lib'].map((place) => `${folder}/${place}/x86_64-linux-gnu`);
  return {
    name: 'with the glibc of Debian 11',
    command: [`${libraries[0]}/ld-linux-x86-64.so.2`, '--library-path', libraries.join(':')],
    env: {},
  };
}

function emulated() {
  needPackages('qemu-user-static', 'libc6-arm64-cross', 'libgcc-s1-arm64-cross', 'libstdc++6-arm64-cross');
  // qemu does not know SO_PEERGROUPS, without which nobody is acted as.
  const env = { WITHOUT_GROUPS: '1' };
  return {
    name: 'under qemu (without runAsClient)',
    command: ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'],
    env,
  };
}

function underWine(version) {
  const command = `${root}/native/cross/winnode`;
  const args = ['-v', version, 'test/install/first.mjs', 'dist/index.js'];
  return { name: `Node ${version} under Wine`, command, args, env: PREBUILT, expected: /^ok win32-x64 v/m };
}
