// Figures to text: medians over the rounds, and of two contestants' ratio in each round.

export function median(values) {
  const sorted = values.toSorted ? values.toSorted((a, b) => a - b) : [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** One row: `ours` against `theirs` (or, without, against the limit alone), as the case has it. */
export function compare({ ours, theirs, of, least, most }, results) {
  if (!results[ours]?.length || (theirs && !results[theirs]?.length)) return undefined;
  const ratios = results[ours].map((round, i) => (theirs ? round[of] / results[theirs][i][of] : round[of]));
  const value = median(ratios);
  const target = least !== undefined ? `≥ ${least}` : most !== undefined ? `≤ ${most}` : '';
  const met = target && (least !== undefined ? value >= least : value <= most);
  return { ours, theirs, of, ratio: value, from: Math.min(...ratios), to: Math.max(...ratios), target, met };
}

export function showFigures(figures, results) {
  const units = Object.entries(figures);
  const lines = [['', ...units.map(([, { unit }]) => unit)]];
  for (const [name, rounds] of Object.entries(results)) {
    const cell = ([key, { scale }]) => {
      const values = rounds.map((round) => round[key]).filter((value) => value !== undefined);
      return values.length > 0 ? digits(median(values) * scale) : '–';
    };
    lines.push([name, ...units.map(cell)]);
  }
  console.log(table(lines));
}

export function showRows(all) {
  const lines = [['work', 'ours : theirs', 'figure', 'ratio', 'rounds', 'target', '']];
  for (const { work, rows } of all) {
    for (const row of rows) {
      const names = row.theirs ? `${row.ours} : ${row.theirs}` : row.ours;
      const rounds = `${digits(row.from)} … ${digits(row.to)}`;
      lines.push([
        work,
        names,
        row.of,
        digits(row.ratio),
        rounds,
        row.target,
        row.target ? (row.met ? 'met' : 'MISSED') : '',
      ]);
    }
  }
  if (lines.length > 1) console.log(table(lines));
}

export function digits(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function table(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
