// Where the tests run. Tests that make no sense on one system are declared with `on`, not skipped.
import { existsSync } from 'node:fs';
import { describe } from 'vitest';

export const isWindows = process.platform === 'win32';
export const isLinux = process.platform === 'linux';

/** Wine in Windows' place: 'patched' checks access rights on pipes and keeps impersonation levels, 'stock' does not. */
export const wine: 'patched' | 'stock' | undefined =
  isWindows && existsSync('C:\\windows\\system32\\winecfg.exe')
    ? process.env.FRAMEPIPE_WINE === 'patched'
      ? 'patched'
      : 'stock'
    : undefined;
export const isWine = wine !== undefined;
export const isRealWindows = isWindows && !isWine;

/** Whether this system checks who may open a pipe, and lets a server act as its client. */
export const hasPipeSecurity = wine !== 'stock';

/** May this process become another user (Linux: root)? */
export const isRoot = process.getuid?.() === 0;

/** `describe` on the systems for which `condition` holds, nothing on the others. */
export function on(condition: boolean, name: string, tests: () => void): void {
  if (condition) describe(name, tests);
}
