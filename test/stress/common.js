// What the programs of this folder share: their arguments, a limit for what hangs, and how many handles there are.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Numbers from the command line, or else these: `--count 5000`. */
export function numbers(defaults) {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({ options });
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, Number(values[name] ?? value)]));
}

/** What the promise comes to; after `ms` the program ends with 1, and says what it waited for. */
export async function within(promise, what, ms = 120_000) {
  const timer = setTimeout(() => {
    console.log(`hangs: ${typeof what === 'function' ? what() : what}`);
    process.exit(1);
  }, ms);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

const WITNESSES = ['../../build-native/witness/witness.node', '../support/witness/build/Release/witness.node'];

/** How many descriptors (Linux) or handles (Windows) this process has. */
export const handles = process.platform === 'win32' ? windowsHandles() : () => readdirSync('/proc/self/fd').length;

function windowsHandles() {
  const witness = WITNESSES.map((file) => fileURLToPath(new URL(file, import.meta.url))).find((file) =>
    existsSync(file),
  );
  if (!witness) throw new Error('test/support/witness is not built: npm run test:windows does it');
  return createRequire(import.meta.url)(witness).handleCount;
}

/** Some are made when they are first needed, such as an event for a lock that two threads want at once. */
const TOLERATED = 8;

/** How many more there are than before, when what is on its way to its end has come there. */
export async function handlesLeft(before) {
  let left = handles() - before;
  for (let pause = 10; left > TOLERATED && pause < 3000; pause *= 2) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    left = handles() - before;
  }
  return left > TOLERATED ? left : 0;
}

/** Keeps the thread busy for so many µs. */
export function spin(microseconds) {
  const end = process.hrtime.bigint() + BigInt(Math.round(microseconds * 1000));
  while (process.hrtime.bigint() < end);
}
