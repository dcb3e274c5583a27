// README.md says which test covers which case: each that it names must exist.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const rows = [...read('README.md').matchAll(/^\| (\d+) \| (.+?) \| (.+) \|$/gm)].map(([, number, what, where]) => ({
  number: Number(number),
  what: what!,
  where: where!,
}));

describe('the cases', () => {
  it('are all there', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 101 }, (_, i) => i + 1));
  });

  it.each(rows)('$number: $what', ({ where }) => {
    for (const [, file, test] of where.matchAll(/`([\w./-]+)`:? ([^·]+)/g)) {
      if (!/^[\w-]+(\.(linux|windows))?$|\.cc$/.test(file!)) continue; // an option, in a reason
      const path = file!.endsWith('.cc') ? file! : `${file}.test.ts`;
      expect(existsSync(new URL(path, import.meta.url)), path).toBe(true);
      expect(read(path).replaceAll("\\'", "'")).toContain(test!.trim());
    }
    expect(where.length).toBeGreaterThan(10);
  });
});
