// Before the tests on Windows itself: builds the witness as the addon was built. Under Wine the test runner has done it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const gyp = fileURLToPath(new URL('../../../node_modules/node-gyp/bin/node-gyp.js', import.meta.url));
const built = `${folder}build/Release/witness.node`;

export default function build() {
  if (process.platform !== 'win32' || process.env.FRAMEPIPE_WINE !== undefined) return;
  const sources = readdirSync(folder).filter((name) => /\.(cc|h|gyp)$/.test(name));
  const newest = Math.max(...sources.map((name) => statSync(folder + name).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return;
  const { status } = spawnSync(process.execPath, [gyp, 'rebuild', '-C', folder], { stdio: 'inherit' });
  if (status !== 0) throw new Error('test/support/witness could not be built');
}
