// Phases of a run, and what they add up to.

const results = [];
const line = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

/** The sum of several counts. */
export function sum(counts) {
  const all = { passed: 0, failed: 0, skipped: 0 };
  for (const count of counts) for (const key of Object.keys(all)) all[key] += count[key] ?? 0;
  return all;
}

/** Runs one phase, `{ title, run }`; one that throws counts as a failure. `run` resolves to `{ passed, failed, skipped }`. */
export async function report({ title, run }) {
  console.log(`\n=== ${title}`);
  const began = performance.now();
  let count;
  try {
    count = sum([await run()]);
  } catch (error) {
    console.log(error instanceof Failure ? error.message : error);
    count = sum([{ failed: 1 }]);
  }
  results.push({ title, count });
  console.log(`--- ${title}: ${line(count)} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

/** Prints all phases and, last, their sum; returns the exit code. */
export function total() {
  const all = sum(results.map(({ count }) => count));
  console.log('');
  if (results.length > 1) for (const { title, count } of results) console.log(`${title}: ${line(count)}`);
  console.log(line(all));
  return all.failed > 0 || all.passed === 0 ? 1 : 0;
}

/** Something that went wrong in a way that the message says completely. */
export class Failure extends Error {}
