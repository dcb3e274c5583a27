// The index in README.md against the tests: each file that it names is there, and has the tests that it quotes.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { root } from './support/programs.ts';

const folder = path.join(root, 'test');
const page = readFileSync(path.join(folder, 'README.md'), 'utf8').replaceAll('\r\n', '\n');

/** `file` "title", "title" …, as the rows have them. */
function* quotedIn(row: string): Generator<{ file: string; title: string | undefined }> {
  let file = '';
  for (const [, code, title] of row.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
    if (title !== undefined) yield { file, title };
    else if (/^[\w./-]+(?:\.test\.ts|_test\.cc|\.js|\/)$/.test(code!)) yield { file: (file = code!), title: undefined };
  }
}

/** The text of a file, or of all in a folder. */
function sourceOf(name: string): string {
  const file = path.join(folder, name);
  if (!existsSync(file)) return '';
  if (!statSync(file).isDirectory()) return readFileSync(file, 'utf8');
  return readdirSync(file)
    .filter((each) => statSync(path.join(file, each)).isFile())
    .map((each) => readFileSync(path.join(file, each), 'utf8'))
    .join('\n');
}

const promised = page.slice(page.indexOf('## What is promised'), page.indexOf('## What is not asserted'));
// The first column is what is promised, in words of its own; that of the numbered ones is the second.
const places = promised
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .flatMap((row) => [...quotedIn(row.split(' | ').slice(1).join(' | '))]);

it('the index is read as it is', () => {
  expect(places).toContainEqual({ file: 'loops/limits_test.cc', title: 'aSlowReaderBlamesNobody' });
  expect(places).toContainEqual({ file: 'simulation/', title: 'nobody writes into what is shared' });
});

it('each test that the index names is there', () => {
  const missing = places.filter(({ file, title }) => {
    const source = sourceOf(file);
    return source === '' || (title && !source.includes(title) && !source.includes(title.replaceAll("'", "\\'")));
  });
  expect(missing).toEqual([]);
});
