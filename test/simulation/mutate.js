// Changes the core's state machine in one place at a time, and sees whether the simulation finds it:
//
//   node test/simulation/mutate.js [--count SCHEDULES] [--only TEXT]     (npm run mutate)
//
// Negated are the conditions of if, while, for and ?:, and each operand of && and ||; left out is each statement that
// can be: see mutants.js. A mutant is found when the simulation fails, crashes or does not end. Those that cannot matter
// are listed in survivors.json with the reason; the program fails when others survive.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { mutants } from './mutants.js';

const run = promisify(execFile);
const option = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const count = option('--count', '500000');
const only = option('--only', '');
const units = ['connection', 'connection_reading', 'connection_writing', 'inbound', 'outbound'];
const files = [...units.map((unit) => `${unit}.cc`), 'inbound.h', 'outbound.h'];
const plain = 'build-native/simulation/plain';
const shared = (await run(process.execPath, ['native/flags.js', 'std', 'lean'])).stdout.trim().split(' ');
const flags = [...shared, '-O0', '-w', '-Itest/simulation'];
const reasons = JSON.parse(readFileSync(new URL('survivors.json', import.meta.url), 'utf8'));
const reasonFor = ({ file, kind, old, context }) =>
  reasons.find((r) => r.file === file && r.kind === kind && r.old === old && context.includes(r.line))?.reason;

await run('make', ['-s', '-f', 'test/simulation/Makefile', 'KIND=plain', `-j${availableParallelism()}`]);
const objects = (await run('find', [plain, '-name', '*.o'])).stdout.trim().split('\n');

/** 'found', 'survived', or 'none' for what does not compile. */
async function judge({ file, changed }, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/core`, { recursive: true });
  writeFileSync(`${folder}/core/${file}`, changed);
  // A header is in every unit of the state machine. Their objects come first, and so what they have inline.
  const changedUnits = file.endsWith('.h') ? units : [file.slice(0, -3)];
  const own = [];
  try {
    for (const unit of changedUnits) {
      const source = file.endsWith('.h') ? `native/core/${unit}.cc` : `${folder}/core/${file}`;
      own.push(`${folder}/${unit}.o`);
      await run('g++', [...flags, `-I${folder}`, '-Inative', '-c', source, '-o', own.at(-1)]);
    }
    const others = objects.filter((object) => !changedUnits.some((unit) => object.endsWith(`core/${unit}.o`)));
    await run('g++', ['-o', `${folder}/schedules`, ...own, ...others]);
  } catch {
    return 'none';
  }
  try {
    await run(`${folder}/schedules`, ['--count', count], { timeout: 60_000, killSignal: 'SIGKILL' });
    return 'survived';
  } catch {
    return 'found';
  }
}

const all = files.flatMap((file) => {
  const text = readFileSync(`native/core/${file}`, 'utf8');
  const lines = text.split('\n');
  return mutants(text).map((mutant) => ({ ...mutant, file, context: lines[mutant.line - 1].trim() }));
});
const waiting = all.filter(({ file, old }) => `${file} ${old}`.includes(only));
const table = {};
const survivors = [];
async function worker(number) {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    const verdict = await judge(mutant, `build-native/simulation/mutants/${number}`);
    if (verdict === 'none') continue;
    const row = (table[mutant.kind] ??= { mutants: 0, found: 0, excused: 0, survived: 0 });
    ++row.mutants;
    if (verdict === 'found') ++row.found;
    else if (reasonFor(mutant)) ++row.excused;
    else {
      ++row.survived;
      survivors.push(mutant);
    }
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, (_, number) => worker(number)));

for (const { file, line, kind, old, context } of survivors) {
  console.log(`survived: native/core/${file}:${line} ${kind} «${old.replace(/\s+/g, ' ')}»\n    ${context}`);
}
console.table(table);
const rows = Object.values(table);
const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
const matter = total('mutants') - total('excused');
console.log(
  `${total('found')} of ${matter} found (${((100 * total('found')) / matter).toFixed(1)} %), ${total('excused')} excused`,
);
process.exitCode = survivors.length > 0 ? 1 : 0;
