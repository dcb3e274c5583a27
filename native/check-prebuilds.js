// Checks the binaries of prebuilds/ and fails unless all are there and as they should be: npm runs it before it packs.
//   node native/check-prebuilds.js [NAME]...     only these, such as linux-x64-musl
import { problemsOf } from './prebuilt/problems.js';
import { targets } from './prebuilt/targets.js';

const named = process.argv.slice(2);
const unknown = named.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0) throw new Error(`no such target: ${unknown}; there are ${targets.map(({ name }) => name)}`);

const problems = targets
  .filter(({ name }) => named.length === 0 || named.includes(name))
  .flatMap((target) => problemsOf(target).map((problem) => `  ${target.file} ${problem}`));
if (problems.length > 0) {
  console.error(`${problems.join('\n')}\nThe package is not complete: \`npm run prebuild:all\` builds its binaries.`);
  process.exitCode = 1;
}
