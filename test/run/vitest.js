// Runs the vitest suite in some Node and counts.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { root, run } from './command.js';

/** `node`: the command that runs a script in the Node to be tested, e.g. [process.execPath]. */
export async function vitest(node, filters, { env = {}, minutes = 20 } = {}) {
  const folder = `${root}/node_modules/.cache/framepipe/results`;
  mkdirSync(folder, { recursive: true });
  const results = `${folder}/${process.pid}.json`; // in a file: under Wine, not all of an output may arrive
  rmSync(results, { force: true });
  const { code } = await run(
    node[0],
    [
      ...node.slice(1),
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config=test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${results}`,
      // A path's separators are the other system's.
      ...filters.map((filter) => (existsSync(`${root}/${filter}`) ? basename(filter) : filter)),
    ],
    // Under Wine, vitest believes that every terminal takes colours.
    { env: { ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }), ...env }, minutes },
  );
  const count = { passed: 0, failed: 0, skipped: 0 };
  if (existsSync(results)) {
    const json = JSON.parse(readFileSync(results, 'utf8'));
    count.passed = json.numPassedTests;
    count.failed = json.numFailedTests;
    count.skipped = json.numPendingTests + json.numTodoTests;
    for (const file of json.testResults) {
      // It could not be loaded, or a hook of it failed.
      const tests = file.assertionResults.filter((test) => test.status === 'failed');
      if (file.status === 'failed' && tests.length === 0) count.failed++;
    }
    rmSync(results);
  }
  // A crash, an unhandled rejection, nothing that matched: vitest says what, and it is a failure.
  if (code !== 0 && count.failed === 0) count.failed = 1;
  return count;
}
