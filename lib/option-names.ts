// Options that do not exist: one that is misspelled must not be ignored, and leave what it is for as it was.
import { invalid, PipeError } from './errors.ts';

/** The names of the options in R: exactly those, or this does not compile. */
export type Names<R> = { readonly [K in keyof R]-?: true };

/** Functions that people who come from `node:net` give a callback, and what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  listen: 'await it, then give a handler to serve(), or iterate the server for its connections',
  connect: 'await it: it resolves to the connection',
  reconnect: 'iterate it, by for await: it gives one connection after the other',
  close: 'await it: it resolves when all is closed',
  read: 'await it: it resolves to the frame',
  send: 'await it: it resolves when the frame is accepted',
  waitForDrain: 'await it: it resolves when the peer has read everything',
};

/**
 * The options that were given to `call`. Throws a PipeError `EINVAL` when they are no object, or when one does not exist:
 * that names the nearest one that does. An option that is `undefined` is as if left out.
 */
export function checked<R extends object>(call: string, options: R, names: Names<NoInfer<R>>): R {
  if (typeof options === 'function' && Object.hasOwn(INSTEAD, call))
    throw new PipeError('EINVAL', `${call} takes no callback: ${INSTEAD[call]}`);
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid('options', options, 'an object');
  checkNames(call, options, names);
  return options;
}

/** Throws as {@link checked} does, for an object that is known to be one. */
export function checkNames<R extends object>(call: string, options: R, names: Names<NoInfer<R>>): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name) && options[name as keyof R] !== undefined)
      throw new PipeError('EINVAL', `${call} has no option "${name}": ${cure(name, Object.keys(names))}`);
  }
}

function cure(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((one) => ({ one, far: distance(name.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  if (nearest!.far <= Math.max(name.length, nearest!.one.length) / 2) return `did you mean "${nearest!.one}"?`;
  return `it takes ${known.map((one) => `"${one}"`).join(', ')}`;
}

/** How many letters to add, leave out, replace or swap with their neighbour to get from one to the other. */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const other = from[i - 1] === to[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + other);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
