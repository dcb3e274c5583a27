import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What another copy of the package needs to work, from the repository's root: the addon is the one that the tests load. */
export function packageParts() {
  const addon = createRequire(import.meta.url)('node-gyp-build').path(root);
  return ['package.json', 'dist', 'node_modules/node-gyp-build', path.relative(root, addon)];
}
