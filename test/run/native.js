// Native code by itself, and the addon, under the tools that find what a test cannot see.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { buildSanitized, buildTypeScript, locked } from './build.js';
import { must, needPackages, root, run } from './command.js';
import { sum } from './report.js';

const files = (folder, ending) =>
  existsSync(`${root}/${folder}`)
    ? readdirSync(`${root}/${folder}`)
        .filter((file) => file.endsWith(ending))
        .sort()
    : [];

// Runs one program as one test.
async function test(name, command, args, options) {
  const began = performance.now();
  const { code, output } = await run(command, args, { output: 'collect', minutes: 10, ...options });
  if (code !== 0) console.log(output.trimEnd());
  console.log(
    `${code === 0 ? 'ok  ' : `FAIL (${code})`} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
  );
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

const compile = (kind) =>
  locked(`native-${kind}`, 'make', ['-s', '-f', 'test/run/native.mk', `-j${availableParallelism()}`, `KIND=${kind}`]);

/** test/native/*_test.cc, each a program that returns 0, twice: with sanitizers, and plain under valgrind. */
export async function unitTests() {
  needPackages('g++', 'make', 'valgrind');
  const counts = [];
  await compile('asan');
  await compile('plain');
  for (const file of files('test/native', '_test.cc')) {
    const program = `test/native/${file.slice(0, -3)}`;
    counts.push(await test(`${program} (ASan, UBSan)`, `build-native/asan/${program}`, []));
    const valgrind = ['-q', '--error-exitcode=55', '--leak-check=full', '--errors-for-leak-kinds=definite'];
    // memory_test replaces an allocation function, which valgrind would replace again.
    valgrind.push('--soname-synonyms=somalloc=nouserintercepts');
    counts.push(await test(`${program} (valgrind)`, 'valgrind', [...valgrind, `build-native/plain/${program}`]));
  }
  return sum(counts);
}

/** test/simulation: the core with a scripted transport, by seeds; then between two threads, which the system schedules. */
export async function simulation() {
  needPackages('g++', 'make');
  const build = (kind) =>
    locked(`simulation-${kind}`, 'make', [
      '-s',
      '-f',
      'test/simulation/Makefile',
      `-j${availableParallelism()}`,
      `KIND=${kind}`,
    ]);
  for (const kind of ['plain', 'asan', 'tsan']) await build(kind);
  const schedules = (kind, count) =>
    test(`test/simulation, ${count} schedules (${kind})`, `build-native/simulation/${kind}/schedules`, [
      '--count',
      `${count}`,
      '--processes',
      `${availableParallelism()}`,
    ]);
  const threads = ['--addr-no-randomize', 'build-native/simulation/tsan/threads', '--count', '100000'];
  return sum([
    await schedules('plain', 1_000_000),
    await schedules('asan', 20_000),
    await test('test/simulation, 100000 schedules between two threads (tsan)', 'setarch', threads),
  ]);
}

/** test/loops and test/posix: the loop for Linux without Node, under ASan and UBSan, then under TSan. */
export async function posixLoop() {
  needPackages('g++', 'make', 'libuv1-dev');
  const counts = [];
  for (const [name, sanitize] of Object.entries({ asan: 'address,undefined', tsan: 'thread' })) {
    const env = { SANITIZE: sanitize, BUILD: `build-native/posix-${name}`, UBSAN_OPTIONS: 'halt_on_error=1' };
    // Without randomized addresses, which GCC 12's TSan does not cope with on all newer kernels.
    const command = ['setarch', '--addr-no-randomize', 'sh', 'test/posix/run.sh'];
    counts.push(await suite(`test/loops, test/posix (${name})`, command[0], command.slice(1), { env }));
  }
  return sum(counts);
}

/** test/loops and test/win32: the loop for Windows without Node, under Wine; undefined behaviour ends the program. */
export const win32Loop = () => suite('test/loops, test/win32', 'bash', ['test/win32/run.sh']);

// Runs a program that ends with the line "N passed, N failed", and says what it skips.
async function suite(name, command, args, options) {
  const { code, output } = await run(command, args, { output: 'collect', minutes: 15, ...options });
  const [, passed, failed, skipped] = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(output) ?? [];
  const ok = code === 0 && failed === '0';
  if (!ok) console.log(output.trimEnd());
  else if (skipped) console.log(output.match(/^SKIPPED .*$/gm).join('\n'));
  console.log(`${ok ? 'ok  ' : `FAIL (${code})`} ${name}: ${passed ?? 0} passed`);
  return {
    passed: Number(passed ?? 0),
    failed: ok ? 0 : Math.max(1, Number(failed ?? 0)),
    skipped: Number(skipped ?? 0),
  };
}

/** test/fuzz/*.cc, libFuzzer targets, for a short time each; inputs to begin with may lie in test/fuzz/corpus/<target>/. */
export async function fuzz() {
  needPackages('clang-14', 'libclang-rt-14-dev', 'make');
  await compile('fuzz');
  const counts = [];
  const seconds = process.env.FRAMEPIPE_FUZZ_SECONDS ?? '20';
  for (const file of files('test/fuzz', '.cc')) {
    const target = file.slice(0, -3);
    const found = `build-native/fuzz/found/${target}`;
    const seeds = `test/fuzz/corpus/${target}`;
    rmSync(`${root}/${found}`, { recursive: true, force: true });
    mkdirSync(`${root}/${found}/corpus`, { recursive: true });
    const limits = [`-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048', '-print_final_stats=1'];
    const corpora = [`${found}/corpus`, ...(existsSync(`${root}/${seeds}`) ? [seeds] : [])];
    const program = `build-native/fuzz/test/fuzz/${target}`;
    counts.push(
      await test(`test/fuzz/${target}, ${seconds} s`, program, [...limits, `-artifact_prefix=${found}/`, ...corpora]),
    );
  }
  return sum(counts);
}

/** test/sanitize/*.js, scripts in plain node (no test runner: its workers are killed before leaks are looked for). */
export async function addonUnderSanitizers() {
  needPackages('g++', 'make', 'valgrind');
  await buildTypeScript();
  await buildSanitized();
  const library = async (name) => (await must('g++', [`-print-file-name=${name}`])).trim();
  const env = {
    LD_PRELOAD: `${await library('libasan.so')} ${await library('libubsan.so')}`,
    // GCC 12's LeakSanitizer takes a thread's variables that malloc has put at a page's beginning + 16 for those of an old
    // glibc, with a header before them, and scans what that says: one run in 128 died.
    ASAN_OPTIONS: 'detect_leaks=1:exitcode=99:intercept_tls_get_addr=0',
    LSAN_OPTIONS: `suppressions=${root}/test/run/lsan.supp:print_suppressions=0`,
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    FRAMEPIPE_PREBUILD: `${root}/build/Sanitize`,
  };
  const counts = [];
  for (const file of files('test/sanitize', '.js')) {
    counts.push(await test(`test/sanitize/${file}`, process.execPath, [`test/sanitize/${file}`], { env }));
  }
  // The sanitizers do not see memory that was never written.
  const valgrind = ['-q', '--error-exitcode=55', '--leak-check=no', '--suppressions=test/run/valgrind.supp'];
  const script = 'test/sanitize/exchange.js';
  counts.push(await test(`${script} (valgrind)`, 'valgrind', [...valgrind, process.execPath, script]));
  return sum(counts);
}
