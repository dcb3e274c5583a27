// Why the addon cannot be loaded, and what to do about it: the advice follows from the cause.

/** What is known of an attempt to load the addon that failed. */
export interface FailedLoading {
  /** Of the error that it failed with. */
  code: string | undefined;
  message: string;
  platform: string;
  arch: string;
  /** process.version */
  node: string;
  /** The system's version of glibc; undefined where there is none. */
  glibc: string | undefined;
  underPermissionModel: boolean;
  /** FRAMEPIPE_PREBUILD: the folder that was searched in place of the package's. */
  searched: string | undefined;
  /** The binary that was found. */
  file: string | undefined;
  /** Where this JavaScript is: the package as npm installs it, a clone of the repository, or another package's file. */
  place: 'package' | 'clone' | 'bundle';
}

/** The systems that the package has a binary for, as prebuildify names them. */
const SYSTEMS: readonly string[] = ['linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];
/** The glibc that the binaries are linked against: that of Node's own. */
const GLIBC = '2.28';

/** Why this runtime cannot run the addon at all: some end the whole process at the first call that they do not know. */
export function adviceOnRuntime(
  versions: Readonly<Record<string, string | undefined>>,
  platform: string,
): string | undefined {
  if (versions.deno !== undefined)
    return `framepipe does not run in Deno ${versions.deno}, which lacks the functions of libuv that it needs: run this program with Node.js`;
  if (versions.bun !== undefined && platform !== 'win32')
    return (
      `framepipe does not run in Bun ${versions.bun} on ${platform}, which ends the process when libuv is asked to watch a ` +
      'socket (uv_poll_init): run this program with Node.js (on Windows, Bun works)'
    );
  return undefined;
}

/** Why loading failed, and the cure. */
export function adviceOnFailure(failed: FailedLoading): string {
  if (failed.code === 'ERR_DLOPEN_DISABLED') return addonsAreOff(failed);
  return failed.file === undefined ? nothingFound(failed) : notLoaded(failed, failed.file);
}

function addonsAreOff({ underPermissionModel }: FailedLoading): string {
  const cure = underPermissionModel
    ? 'start Node.js with --allow-addons beside --permission'
    : 'start Node.js without --no-addons';
  return `framepipe is a native addon, and addons are switched off in this process: ${cure}`;
}

function nothingFound({ platform, arch, node, searched, place }: FailedLoading): string {
  const system = `${platform}-${arch}`;
  if (place === 'bundle')
    return (
      'framepipe was bundled into another file, and its native addon cannot be: leave framepipe out of the bundle ' +
      "(esbuild: --external:framepipe; webpack: externals: { framepipe: 'commonjs framepipe' }; rollup, vite: external: ['framepipe']) and install it beside it"
    );
  if (searched !== undefined)
    return (
      `framepipe finds no binary for ${system} in ${searched}, the folder that FRAMEPIPE_PREBUILD names: ` +
      `it looks there for build/Release/*.node and prebuilds/${system}/*.node`
    );
  if (place === 'clone')
    return (
      `framepipe's addon was not built in this clone for ${system}: run \`npm run build\` (needs a C++20 compiler, make and ` +
      'Python; on Windows, Visual Studio and Python)'
    );
  if (!SYSTEMS.includes(system))
    return (
      `framepipe has no binary for ${system} with Node ${node}, only for ${SYSTEMS.join(', ')}: build one with ` +
      "`npm ci && npm run prebuild` in a clone of its repository, and let FRAMEPIPE_PREBUILD name the clone's folder"
    );
  return `framepipe's folder has no binary for ${system}, though the package does: install it again (\`npm install framepipe\`)`;
}

function notLoaded({ message, glibc, platform, searched }: FailedLoading, file: string): string {
  if (/\bGLIBC(XX)?_[\d.]+'? not found/.test(message))
    return (
      `framepipe's binary needs glibc ${GLIBC} or later (Debian 10, Ubuntu 18.10, RHEL 8), and this system has ` +
      `${glibc ?? 'an older one'}: use a newer system, or build it here with \`npm ci && npm run prebuild\` in a clone of its ` +
      "repository and let FRAMEPIPE_PREBUILD name the clone's folder"
    );
  // node-gyp-build knows Alpine by a file that other systems with musl do not have.
  if (platform === 'linux' && glibc === undefined && file.endsWith('.glibc.node'))
    return 'framepipe found its binary for glibc, and this system has musl: set the environment variable LIBC=musl';
  const cure =
    searched === undefined
      ? 'install it again (`npm install framepipe`)'
      : 'FRAMEPIPE_PREBUILD names the folder that it is from';
  return `framepipe's binary ${file} could not be loaded, see the error's cause (${message.trim()}): ${cure}`;
}
