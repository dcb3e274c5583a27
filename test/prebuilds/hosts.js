// The programs on Linux x64 that can load a binary of prebuilds/.
import { nodeFor } from '../install/download.js';
import { needPackages, root } from '../run/command.js';
import { debianFiles } from './debian.js';
import { muslProgram } from './musl.js';

export const NODES = ['20.19.0', '22.12.0', '24.21.0', '26.12.1'];
/** Those that npm has for Windows. */
const WINDOWS_NODES = ['20.20.2', '22.12.0', '24.21.0', '26.10.0'];
/** The oldest and the newest that users have: an emulator takes its time. */
const EMULATED_NODES = ['20.19.0', '24.21.0'];
/** From the repository's root: Node.js for Windows does not know where else that would be. */
const FIRST_PROGRAM = ['test/install/first.mjs', 'dist/index.js'];
// node-gyp-build would take what was built in build/.
const PREBUILT = { PREBUILDS_ONLY: '1' };

/** Resolves to `{ name, command, args, env, expected }` for each program that can load a target's binary. */
export async function hostsOf({ name }) {
  if (name.endsWith('-musl')) return [await muslProgram(name.split('-')[1])];
  return (await nodesOf(name)).map(({ command: [command, ...args], env, ...node }) => ({
    ...node,
    command,
    args: [...args, ...FIRST_PROGRAM],
    env: { ...PREBUILT, ...env },
  }));
}

/** The Node.js that can load it: what each is called, its command, and what test/install/first.mjs prints in it. */
export async function nodesOf(target) {
  return (await nodes[target]?.()) ?? [];
}

const nodes = {
  'linux-x64': async () => [
    ...(await everyNode(NODES, 'x64', here)),
    ...(await everyNode(NODES, 'x64', await debian11())),
  ],
  'linux-arm64': () => everyNode(EMULATED_NODES, 'arm64', emulated()),
  'win32-x64': () => Promise.all(WINDOWS_NODES.map(underWine)),
};

function everyNode(versions, arch, place) {
  return Promise.all(
    versions.map(async (version) => ({
      name: `Node ${version} ${place.name}`,
      command: [...place.command, await nodeFor(version, `linux-${arch}`)],
      env: place.env,
      expected: new RegExp(`^ok linux-${arch} v${version}$`, 'm'),
    })),
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

async function underWine(version) {
  return {
    name: `Node ${version} under Wine`,
    command: [`${root}/native/cross/winnode`, '-v', await nodeFor(version, 'win-x64')],
    env: {},
    expected: new RegExp(`^ok win32-x64 v${version}\\s*$`, 'm'),
  };
}
