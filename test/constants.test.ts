// What native code and JavaScript both know by heart: see lib/constants.ts and native/binding/constants.cc.
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { differences } from '../lib/constants.ts';
import { native } from '../lib/native.ts';
import { start } from './support/programs.ts';

const child = fileURLToPath(new URL('support/other-addon-child.js', import.meta.url));
const theirs = native.constants!;
const names = Object.keys(theirs);

/** The same with one value more, or another number. */
function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  return Array.isArray(value) ? [...value, 'new'] : { ...(value as object), new: 9 };
}

it('the constants are the same on both sides, and nobody can change them', () => {
  expect(names).toEqual(expect.arrayContaining(['principals', 'eventKinds', 'framings', 'slotBits']));
  expect(differences(theirs)).toEqual([]);
  expect([theirs, ...Object.values(theirs)].every((value) => Object.isFrozen(value))).toBe(true);
});

it('are the same in the sandbox of a test runner, whose arrays are of another kind', () => {
  expect(differences(runInNewContext(`(${JSON.stringify(theirs)})`))).toEqual([]);
});

describe.each(names)('%s', (name) => {
  it('is found to differ when it has another value', () => {
    expect(differences({ ...theirs, [name]: changed(theirs[name]) })).toEqual([name]);
  });

  it('is found missing', () => {
    const { [name]: _, ...others } = theirs;
    expect(differences(others)).toEqual([name]);
  });
});

it('a constant that only native code has is a difference', () => {
  expect(differences({ ...theirs, added: 1 })).toEqual(['added']);
});

describe('an addon of another version is refused, and the error names the cure', () => {
  const load = async (constants: unknown) => {
    const program = start(child, [JSON.stringify(constants)]);
    expect(await program.ended).toBe(0);
    return program.output.trim();
  };
  const cure =
    "framepipe's addon and its JavaScript are of different versions: reinstall it with `npm install framepipe`, " +
    'or in a clone build both with `npm run build`';

  it('one with other numbers', async () => {
    expect(await load({ slotBits: 21, force: 4 })).toBe(`${cure} (they differ in force, slotBits)`);
  });

  it('one that tells no constants', async () => {
    expect(await load(null)).toBe(`${cure} (they differ in ${names.join(', ')})`);
  });

  it('and the right one is not', async () => {
    expect(await load({})).toBe('loaded');
  });
});
