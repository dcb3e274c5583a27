// README.md against the tests: every file and test that it names exists, and no case is missing.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const page = readFileSync(path.join(folder, 'README.md'), 'utf8').replaceAll('\r\n', '\n');

/** A file, and the names of tests in it: `file` "name", "name". */
const REFERENCE = /`([\w./-]+(?:\.test\.ts|_test\.cc))`((?:,? "[^"\n]+")*)/g;
const references = [...page.matchAll(REFERENCE)].flatMap(([, file, names]) =>
  [undefined, ...[...names!.matchAll(/"([^"]+)"/g)].map(([, name]) => name!)].map((name) => [file!, name] as const),
);

/** Whether a source declares a test (or a group of them) of this name. */
function declares(source: string, file: string, name: string): boolean {
  if (file.endsWith('.cc')) return [`TEST(${name})`, `TEST_AS_ROOT(${name})`].some((text) => source.includes(text));
  const quoted = [`'${name.replaceAll("'", "\\'")}'`, `"${name}"`, `\`${name}\``];
  return quoted.some((text) => source.includes(text));
}

it('the page names tests at all', () => {
  expect(references.length).toBeGreaterThan(200);
});

it('every file and every test that the page names exists', () => {
  const missing = references.filter(([file, name]) => {
    const at = path.join(folder, file);
    return !existsSync(at) || (name !== undefined && !declares(readFileSync(at, 'utf8'), file, name));
  });
  expect(missing).toEqual([]);
});

it('every case has a test, or a reason why there is none', () => {
  const cases = [...page.matchAll(/^\| (\d+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  expect(cases.map(([, number]) => Number(number))).toEqual(Array.from({ length: 113 }, (_, i) => i + 1));
  for (const [, number, , proof] of cases) expect(proof, number).toMatch(/`[\w./-]+(\.test\.ts|_test\.cc)`|^None: /);
});
