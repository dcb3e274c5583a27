// Finds the addon and loads it. Where that cannot work, the error says why and what to do.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { adviceOnFailure, adviceOnRuntime, type FailedLoading } from './loading-advice.ts';

type NodeGypBuild = ((folder: string) => unknown) & { path(folder: string): string };

/**
 * Loads the addon of the package that `moduleUrl` (a module of dist/ or lib/) is in: what was built there, else the
 * prebuilt binary for this system. A bundler may have left `moduleUrl` undefined.
 */
export function loadAddon<T>(moduleUrl: string | undefined): T {
  const unsuitable = adviceOnRuntime(process.versions, process.platform);
  if (unsuitable !== undefined) throw new Error(unsuitable);
  let folder: string | undefined;
  let file: string | undefined;
  try {
    // Not an import: it would be bundled, and fail in words of its own before this module is asked.
    const require = createRequire(moduleUrl!);
    folder = path.dirname(path.dirname(fileURLToPath(moduleUrl!)));
    file = (require('node-gyp-build') as NodeGypBuild).path(folder);
    return require(file);
  } catch (cause) {
    throw new Error(adviceOnFailure(failedLoading(cause as NodeJS.ErrnoException, folder, file)), { cause });
  }
}

function failedLoading(
  cause: NodeJS.ErrnoException,
  folder: string | undefined,
  file: string | undefined,
): FailedLoading {
  return {
    code: cause.code,
    message: cause.message,
    platform: process.platform,
    arch: process.arch,
    node: process.version,
    glibc: glibcVersion(),
    underPermissionModel: 'permission' in process && process.permission !== undefined,
    searched: process.env.FRAMEPIPE_PREBUILD,
    file,
    place: folder === undefined ? 'bundle' : placeOf(folder),
  };
}

/** The version of glibc; undefined where the C library is another one. */
function glibcVersion(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    // Without looking up the names of this machine's addresses (Node 22 and later).
    Object.assign(process.report, { excludeNetwork: true });
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime;
  } catch {
    return undefined; // the permission model may refuse it
  }
}

function placeOf(folder: string): FailedLoading['place'] {
  try {
    if (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).name !== 'framepipe') return 'bundle';
  } catch {
    return 'bundle';
  }
  return existsSync(path.join(folder, 'binding.gyp')) ? 'clone' : 'package';
}
