// What the benchmark makes of its figures. Nothing is measured here.
import { describe, expect, it } from 'vitest';
import { compare, median } from '../bench/report.js';

const rates = (...values: number[]) => values.map((rate) => ({ rate }));

describe('a comparison', () => {
  it('is the median of the ratios in each round, not the ratio of medians', () => {
    const results = { ours: rates(10, 90, 50), theirs: rates(1, 30, 25) };
    expect(compare({ ours: 'ours', theirs: 'theirs', of: 'rate', least: 3, most: undefined }, results)).toEqual({
      ours: 'ours',
      theirs: 'theirs',
      of: 'rate',
      ratio: 3,
      from: 2,
      to: 10,
      target: '≥ 3',
      met: true,
    });
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('is none with somebody who did not take part', () => {
    expect(compare({ ours: 'ours', theirs: 'raw', of: 'rate', least: 1, most: undefined }, { ours: rates(1) })).toBe(
      undefined,
    );
  });
});
