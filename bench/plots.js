// Draws what the benchmark has measured, as SVG.
//   node bench/plots.js FIGURES.json... FOLDER       FIGURES: what --json wrote, of one system or of several
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { curves } from './plots/curves.js';
import { ratios } from './plots/ratios.js';

/** Writes ratios.svg, and curves.svg where curves were measured; returns the files' names. */
export function drawPlots(runs, folder) {
  mkdirSync(folder, { recursive: true });
  const drawn = { 'ratios.svg': ratios(runs), 'curves.svg': curves(runs) };
  const files = Object.entries(drawn).filter(([, svg]) => svg !== undefined);
  for (const [name, svg] of files) writeFileSync(join(folder, name), svg);
  return files.map(([name]) => join(folder, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2);
  const folder = files.pop();
  if (files.length === 0) throw new Error('node bench/plots.js FIGURES.json... FOLDER');
  const runs = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));
  console.log(drawPlots(runs, folder).join('\n'));
}
