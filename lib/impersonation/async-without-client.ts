import { types } from 'node:util';

const AsyncFunction = (async () => {}).constructor;

/** Blanks, comments, strings; or one character. */
const TOKENS = /\s+|\/\*[\s\S]*?\*\/|\/\/.*|(["'`])(?:\\[\s\S]|(?!\1)[\s\S])*\1|[\s\S]/g;

/**
 * Whether `fn` is an async function that has no way to get at its first argument. Of a bound function nothing is known
 * but how many parameters it has left: with none, it counts as one that does not take the client.
 */
export function takesNoClient(fn: (...args: never[]) => unknown): boolean {
  if (!types.isAsyncFunction(fn) && !(fn instanceof AsyncFunction)) return false;
  if (fn.length > 0) return false; // not so with a default or a rest parameter: those must be looked for
  const source = Function.prototype.toString.call(fn);
  const end = endOfEmptyList(source);
  if (end === undefined) return false;
  const isArrow = /^\s*=>/.test(source.slice(end));
  return isArrow || !/\barguments\b/.test(source.slice(end));
}

// Where the list of parameters ends, if it is empty. Before it may come a name in quotes or brackets.
function endOfEmptyList(source: string): number | undefined {
  let brackets = 0;
  let inList = false;
  for (const { 0: token, index } of source.matchAll(TOKENS)) {
    if (inList && !/^(\s|\/[*/])/.test(token)) return token === ')' ? index + 1 : undefined;
    if (token === '[') brackets++;
    else if (token === ']') brackets--;
    else if (token === '(' && brackets === 0) inList = true;
  }
  return undefined;
}
