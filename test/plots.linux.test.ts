// The plots of the benchmark's figures. Nothing is measured here. The package that draws them is installed for it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drawPlots } from '../bench/plots.js';

const rates = (...values: number[]) => values.map((rate) => ({ rate }));

/** As --json writes it: two cases, and a curve of two points. */
function figures(system: string, times: number) {
  const row = { ours: 'framepipe', theirs: 'net', of: 'rate', from: 0.5 * times, to: 2 * times, met: true };
  const point = (connections: number) => ({
    connections,
    results: { framepipe: rates(1234 * connections * times), net: rates(1000) },
  });
  return {
    system,
    date: '2026-01-02T03:04:05.678Z',
    cases: [
      { work: 'work <&> one', rows: [{ ...row, ratio: 1.25 * times, target: '≥ 3' }] },
      { work: 'work two', rows: [{ ...row, of: 'p50', ratio: 0.2 / times, target: '≤ 0.75' }] },
      { work: 'curve: trips/s', rows: [], points: [point(1), point(1000)] },
    ],
  };
}

const linux = figures('linux x64, Node v1', 1);
const wine = figures('win32 x64 under Wine, Node v2', 2);

function drawn(runs: ReturnType<typeof figures>[]): Record<string, string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'framepipe-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = drawPlots(runs, folder);
  return Object.fromEntries(files.map((file) => [path.basename(file), readFileSync(file, 'utf8')]));
}

const textsIn = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

/** Tags that are closed in the order in which they were opened, and nothing but text and quoted attributes besides. */
function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)(\w+)((?: [\w:-]+="[^"<&]*")*)\s*(\/?)>/g, (_, end, name, _attributes, empty) => {
    if (!end && !empty) open.push(name);
    if (end && open.pop() !== name) open.push('?', '?');
    return '';
  });
  return open.length === 0 && !/[<>]|&(?!\w+;|#\d+;)/.test(rest);
}

describe('the plots', () => {
  it('are well-formed, small, and stand on a background of their own', () => {
    for (const svg of Object.values(drawn([linux, wine]))) {
      expect(svg).toMatch(
        /^<svg [^>]*>\n<title>.+<\/title>\n<rect width="(\d+)" height="(\d+)" x="0" y="0" fill="#ffffff"><\/rect>/,
      );
      expect(isWellFormed(svg)).toBe(true);
      expect(isWellFormed(svg.replace('</svg>', ''))).toBe(false);
      expect(svg.length).toBeLessThan(40_000);
      expect(svg).not.toMatch(/undefined|NaN/);
    }
  });

  it('show each ratio so that more is better, and both systems', () => {
    const texts = textsIn(drawn([linux, wine])['ratios.svg']!);
    expect(texts).toEqual(expect.arrayContaining(['1.25×', '2.50×', '5.00×', '10.0×', 'Linux', 'Windows (Wine)']));
    expect(texts).toEqual(expect.arrayContaining(['work &lt;&amp;&gt; one', 'work two, median time']));
    expect(texts).toContain('win32 x64 under Wine, Node v2, 2026-01-02');
  });

  it('show the rates at each number of connections', () => {
    const texts = textsIn(drawn([linux, wine])['curves.svg']!);
    expect(texts).toEqual(expect.arrayContaining(['1.23 k', '2.47 k', '1.23 M', '2.47 M', '1,000']));
    expect(texts).toEqual(expect.arrayContaining(['trips/s, Linux', 'trips/s, Windows (Wine)']));
  });

  it('are the same for the same figures', () => {
    expect(drawn([linux, wine])).toEqual(drawn([linux, wine]));
  });

  it('show no curves where none were measured', () => {
    const short = { ...linux, cases: linux.cases.filter(({ points }) => !points) };
    expect(Object.keys(drawn([short]))).toEqual(['ratios.svg']);
    expect(textsIn(drawn([short, wine])['curves.svg']!)).not.toContain('trips/s, Linux');
  });
});
