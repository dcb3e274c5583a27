// Where C++ text can be changed so that it means something else. A small tokenizer, not a parser: what it misjudges does
// not compile, and is no mutant then.

/** The same text with comments and literals blanked, so that places in it are places in the text. */
function masked(text) {
  const literal = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|^#[^\n]*/gm;
  return text.replace(literal, (found) => found.replace(/[^\n]/g, ' '));
}

/** Where the parenthesis that opens at `open` closes. */
function closing(code, open) {
  for (let at = open, depth = 0; at < code.length; ++at) {
    if ('([{'.includes(code[at])) ++depth;
    else if (')]}'.includes(code[at]) && --depth === 0) return at;
  }
  return code.length;
}

const boundary = (code, at) => {
  const two = code.slice(at, at + 2);
  if (two === '&&' || two === '||') return true;
  if (',;?{}'.includes(code[at])) return true;
  if (code[at] === ':') return code[at - 1] !== ':' && code[at + 1] !== ':';
  return code[at] === '=' && !'=<>!'.includes(code[at - 1]) && code[at + 1] !== '=';
};

/** From `at` to the left, as far as one operand reaches. */
function leftOf(code, at) {
  let begin = at;
  for (let depth = 0; begin > 0; --begin) {
    const last = code[begin - 1];
    if (')]'.includes(last)) ++depth;
    else if ('(['.includes(last) && --depth < 0) break;
    if (depth > 0) continue;
    if (boundary(code, begin - 1) || ['&&', '||'].includes(code.slice(begin - 2, begin))) break;
    if (/\breturn$/.test(code.slice(Math.max(0, begin - 7), begin))) break;
  }
  return begin;
}

function rightOf(code, at) {
  let end = at;
  for (let depth = 0; end < code.length; ++end) {
    if ('(['.includes(code[end])) ++depth;
    else if (')]'.includes(code[end]) && --depth < 0) break;
    if (depth === 0 && boundary(code, end)) break;
  }
  return end;
}

/** All changes of a file: `{ kind, line, text, changed }`, one for each place. */
export function mutants(text) {
  const code = masked(text);
  const found = new Map();
  const add = (kind, begin, end, replacement) => {
    while (/\s/.test(code[begin])) ++begin;
    while (/\s/.test(text[end - 1])) --end;
    if (end <= begin) return;
    const old = text.slice(begin, end);
    const line = text.slice(0, begin).split('\n').length;
    const key = `${begin}-${end}`;
    if (found.has(key)) return; // a condition that is one operand
    found.set(key, { kind, line, old, changed: text.slice(0, begin) + replacement(old) + text.slice(end) });
  };
  const negated = (old) => `!(${old})`;

  for (const { index, 1: word } of code.matchAll(/\b(if|while|for)\s*\(/g)) {
    const open = code.indexOf('(', index);
    const end = closing(code, open);
    const parts = code.slice(open + 1, end).split(';');
    if (word === 'for' && parts.length !== 3) continue;
    const which = word === 'for' ? 1 : parts.length - 1;
    const begin = open + 1 + parts.slice(0, which).join(';').length + (which > 0 ? 1 : 0);
    const condition = code.slice(begin, begin + parts[which].length);
    const declared = /^\s*(?:const )?[\w:<>*&, ]+ (\w+) = /.exec(condition);
    add(word, begin, begin + parts[which].length, declared ? (old) => `${old}; !${declared[1]}` : negated);
  }
  for (const { index } of code.matchAll(/&&|\|\|/g)) {
    add('operand', leftOf(code, index), index, negated);
    add('operand', index + 2, rightOf(code, index + 2), negated);
  }
  for (const { index } of code.matchAll(/\?/g)) add('ternary', leftOf(code, index), index, negated);
  // What is done as a statement of its own, and can be left out.
  for (const { 0: line, index } of code.matchAll(
    /^\s+(?!return\b|const\b|using\b|case\b|friend\b|else\b)[\w:.>()&*[\]+-]+ ?(?:\(|=|\+=|-=|;).*;$/gm,
  )) {
    if (/^\s+[\w:<>]+ [\w]+(\(.*\))?( const)?( =.*)?;$/.test(line) || /\{|\}/.test(line)) continue;
    add('statement', index, index + line.length, () => '(void)0;');
  }
  return [...found.values()];
}
