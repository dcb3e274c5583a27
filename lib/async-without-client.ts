import { types } from 'node:util';

const AsyncFunction = (async () => {}).constructor;

/**
 * Whether `fn` is an async function that has no way to get at its first argument. Of a bound function nothing is known
 * but how many parameters it has left: with none, it counts as one that does not take the client.
 */
export function takesNoClient(fn: (...args: never[]) => unknown): boolean {
  if (!(types.isAsyncFunction(fn) || fn instanceof AsyncFunction) || fn.length > 0) return false;
  const source = Function.prototype.toString.call(fn).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ' ');
  const list = source.indexOf('(', endOfName(source));
  // Its length is 0 with defaults and rest parameters, too.
  if (!/^\(\s*\)/.test(source.slice(list))) return false;
  const isArrow = /^\(\s*\)\s*=>/.test(source.slice(list));
  return isArrow || !/\barguments\b/.test(source.slice(list));
}

// Where the name ends. It may be an expression in brackets, with parentheses of its own.
function endOfName(source: string): number {
  if (!/^(static\s+)?async\s*\*?\s*\[/.test(source)) return 0;
  let depth = 0;
  for (let at = source.indexOf('['); at < source.length; at++) {
    if (source[at] === '[') depth++;
    else if (source[at] === ']' && --depth === 0) return at;
  }
  return 0;
}
