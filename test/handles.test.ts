// The numbers of native code on JavaScript's side: see native/core/handle_table.h.
import { expect, it } from 'vitest';
import { HandleTable } from '../lib/handles.ts';

/** As native code makes them: the generation above 20 bits of slot. */
const number = (generation: number, slot: number) => generation * 2 ** 20 + slot;

it('finds what was added, whatever the order of the slots and the generation', () => {
  const table = new HandleTable<string>();
  table.add(number(4095, 3), 'last generation');
  table.add(number(1, 0), 'first');
  expect(table.get(number(4095, 3))).toBe('last generation');
  expect(table.get(number(1, 0))).toBe('first');
  expect(table.size).toBe(2);
  expect(table.values().sort()).toEqual(['first', 'last generation']);
});

it('finds nothing by a number that is stale, unknown or removed', () => {
  const table = new HandleTable<string>();
  table.add(number(1, 5), 'old');
  expect(table.remove(number(1, 5))).toBe('old');
  expect(table.remove(number(1, 5))).toBeUndefined();
  table.add(number(2, 5), 'new');
  for (const unknown of [number(1, 5), number(2, 4), number(2, 6), 0]) {
    expect(table.get(unknown)).toBeUndefined();
    expect(table.remove(unknown)).toBeUndefined();
  }
  expect(table.values()).toEqual(['new']);
  expect(table.size).toBe(1);
});
