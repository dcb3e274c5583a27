// How a rate changes with the number of connections: the same work at each point, divided among them.
import { contest } from './contest.js';
import { compare, digits, median, table } from './report.js';

const MOST_ROUNDS = 3;
// Of the work that takes some 0.4 s on Linux. Under Wine it takes ten times as long, and a curve has many points.
const QUARTER = 0.25;

/** Resolves to `[{ connections, results, rows }]`. */
export async function measureCurve(entry, work, contestants, options, progress) {
  const share = options.quick || process.platform === 'win32' ? QUARTER : 1;
  const points = [];
  for (const connections of entry.points) {
    const count = Math.ceil((work.curve * share) / connections) * connections;
    const one = { ...entry, count, options: { ...entry.options, connections } };
    const limited = { ...options, rounds: Math.min(options.rounds, MOST_ROUNDS), count: undefined };
    const said = (text) => progress(text && `${connections} connections, ${text}`);
    const { results } = await contest(one, work, contestants, limited, said);
    const rows = work.rows(one.options).map((row) => compare(row, results));
    points.push({ connections, results, rows: rows.filter(Boolean) });
  }
  return points;
}

/** A line for each number of connections: everybody's rate, and the ratios. */
export function showCurve({ scale }, points) {
  const [{ results, rows }] = points;
  const lines = [['connections', ...Object.keys(results), ...rows.map(({ ours, theirs }) => `${ours} : ${theirs}`)]];
  for (const { connections, results, rows } of points) {
    const rates = Object.values(results).map((rounds) => median(rounds.map(({ rate }) => rate)) * scale);
    lines.push([String(connections), ...rates.map(digits), ...rows.map(({ ratio }) => digits(ratio))]);
  }
  console.log(table(lines));
}
