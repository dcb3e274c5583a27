#!/usr/bin/env node
// Measures framepipe and its rivals on the same work in the same run. How to read it: bench/README.md.
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, usage } from './arguments.js';
import { cases } from './cases/index.js';
import { contest } from './contest.js';
import { measureCurve, showCurve } from './curve.js';
import { packagesOf } from './packages.js';
import { buildRaw } from './raw.js';
import { compare, digits, showFigures, showRows } from './report.js';
import { countCalls, showCalls } from './syscalls.js';
import { wakeUp } from './wake-up.js';
import { runUnderWine } from './wine.js';

const built = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const options = parse(process.argv.slice(2));
if (options.help) console.log(usage);
else if (options.list) for (const { name } of cases) console.log(name);
else if (options.windows) process.exitCode = underWine();
else await main();

async function main() {
  if (!existsSync(built)) throw new Error('framepipe is not built: npm run build');
  if (options.syscalls) options.count = countCalls;
  const raw = buildRaw();
  if (!raw) console.log('There is no C++ compiler for bench/raw: nothing is compared with it.');
  if (options.extra) packagesOf('rivals');
  const chosen = choose();
  if (chosen.length === 0) throw new Error(`no such case; there are: ${cases.map(({ name }) => name).join('; ')}`);

  const began = performance.now();
  const woken = await wakeUp();
  console.log(`A thread that sleeps runs ${digits(woken)} µs after it is woken (median).`);
  const done = [];
  for (const entry of chosen.filter(isPossible)) {
    const work = await import(`./cases/${entry.work}.js`);
    const contestants = select(work.contestants(entry.options), raw);
    if (contestants.length === 0) continue;
    console.log(`\n${entry.name}`);
    done.push({ work: entry.name, ...(await (entry.points ? curve : figures)(entry, work, contestants)) });
  }
  console.log(`\nThe medians of the ratios in each round (${system()}, ${seconds(began)} s):\n`);
  showRows(done);
  const measured = { ...about(), wakeUp: woken, cases: done };
  if (options.json) writeFileSync(options.json, JSON.stringify(measured, null, 2));
  if (options.plots) (await import('./plots.js')).drawPlots([measured], options.plots);
}

// The curves take long: they are no part of a quick run, and `--only "round trip"` does not mean them.
function choose() {
  const named = options.only.some((text) => text.includes('curve'));
  const wholeRun = options.only.length === 0 && !options.quick;
  return cases.filter(
    ({ name, points }) => options.only.every((text) => name.includes(text)) && (!points || named || wholeRun),
  );
}

function isPossible({ name, descriptors = 0 }) {
  const most = mostDescriptors();
  if (descriptors <= most) return true;
  console.log(`${name}: left out, because a process may have no more than ${most} files open (ulimit -Hn)`);
  return false;
}

async function figures(entry, work, contestants) {
  const limited = { ...options, rounds: Math.min(options.rounds, work.mostRounds ?? options.rounds) };
  const { results, counted } = await contest(entry, work, contestants, limited, progress);
  progress('');
  showFigures(work.figures(entry.options), results);
  if (counted) showCalls(counted);
  const windows = process.platform === 'win32';
  const rows = work.rows(entry.options, windows).concat(options.also.flatMap((_, i) => also(work, entry, i)));
  return { results, counted, rows: rows.map((row) => compare(row, results)).filter(Boolean) };
}

async function curve(entry, work, contestants) {
  const points = await measureCurve(entry, work, contestants, options, progress);
  progress('');
  showCurve(work.figures(entry.options).rate, points);
  return { points, rows: [] };
}

// framepipe's other checkouts run everything that this one does.
function select(contestants, raw) {
  const wanted = contestants.filter(
    ({ name, rival, extra, notOn }) =>
      (rival !== 'raw' || raw) &&
      (!extra || options.extra) &&
      notOn !== process.platform &&
      (options.contestant.length === 0 || options.contestant.some((text) => name.includes(text))),
  );
  const others = options.also.flatMap((folder, i) =>
    wanted
      .filter(({ rival }) => rival === 'framepipe')
      .map((one) => ({ ...one, name: otherName(one.name, i), checkout: resolve(folder) })),
  );
  return [...wanted, ...others];
}

function otherName(name, i) {
  return name.replace('framepipe', `also ${i + 1}`);
}

// This checkout against another one.
function also(work, entry, i) {
  const [figure] = Object.keys(work.figures(entry.options));
  return work
    .contestants(entry.options)
    .filter(({ rival }) => rival === 'framepipe')
    .map(({ name }) => ({ ours: otherName(name, i), theirs: name, of: figure }));
}

function progress(text) {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(0);
}

function system() {
  const wine = process.env.FRAMEPIPE_WINE ? ' under Wine' : '';
  return `${process.platform} ${process.arch}${wine}, Node ${process.version}, ${availableParallelism()} cores`;
}

// Node raises its own limit to the hard one when it starts.
function mostDescriptors() {
  if (process.platform === 'win32') return Infinity;
  const { hard } = process.report.getReport().userLimits.open_files;
  return hard === 'unlimited' ? Infinity : Number(hard);
}

function about() {
  return { date: new Date().toISOString(), system: system(), rounds: options.rounds };
}

function underWine() {
  // There are neither a compiler nor npm in there.
  buildRaw('win32');
  if (options.extra) packagesOf('rivals');
  if (options.plots) packagesOf('plots');
  return runUnderWine(import.meta.url, options.node);
}
