// The table of failures, row by row: what each call comes to, on both systems; and docs/api.md has it.

import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PipeError } from '../lib/index.ts';
import { reference } from './failures/reference.ts';
import type { Case, Comes } from './failures/row.ts';
import { table } from './failures/table.ts';

type Settled = { value: unknown } | { error: unknown };

const settled = (promise: Promise<unknown>): Promise<Settled> =>
  promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );

/** A few rounds of the loop: what settles at once has settled. */
async function rounds(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function execute({ setUp, make, cause }: Case): Promise<Settled> {
  const state = await setUp();
  // Within the turn: what returns a promise never throws.
  const call = settled(Promise.resolve(make(state)));
  if (cause) {
    let waits = true;
    void call.then(() => (waits = false));
    await rounds();
    expect(waits, 'it waits').toBe(true);
    await cause(state);
  }
  return call;
}

function check(comes: Comes, result: Settled): void {
  if ('gives' in comes) expect(result).toEqual({ value: comes.gives });
  else if ('value' in result) expect.fail(`resolved with ${inspect(result.value)}`);
  else if ('rejects' in comes) expect(result.error).toBe(comes.rejects);
  else checkError(comes, result.error);
}

function checkError(comes: Extract<Comes, { code: string }>, error: unknown): void {
  expect(error).toBeInstanceOf(PipeError);
  const { code, syscall, message, path, cause } = error as PipeError;
  expect({ code, syscall }).toEqual({ code: comes.code, syscall: comes.syscall });
  if (comes.cause) expect(cause).toMatchObject(comes.cause);
  const begin = syscall ? `${syscall} ${code} ${path}` : '';
  expect(message.startsWith(begin), `"${message}" begins with "${begin}"`).toBe(true);
  const said = message.slice(begin.length).replace(/^: /, '');
  if (typeof comes.says === 'string') expect(said).toBe(comes.says);
  else if (comes.says) expect(said).toMatch(comes.says);
}

describe('a call', () => {
  for (const each of table) {
    if (!each.comes) continue;
    const of = each.side ? ` (${each.side})` : '';
    it(`${each.operation}: ${each.when}${of}`, async () => check(each.comes!, await execute(each)));
  }
});

it('docs/api.md has the table', () => {
  const page = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');
  const [, inPage] = /^### Which call fails with what\n[^|]*(\|(?:.*\|\n)+)/m.exec(page) ?? [];
  expect(inPage?.trimEnd()).toBe(reference(table));
});
