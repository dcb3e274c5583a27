// What the package declares, read from dist/*.d.ts: these files are written by TypeScript, so that their form is known.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './programs.ts';

export interface Member {
  name: string;
  /** Its comment, without stars; of an overload, the first one's. */
  comment: string;
  /** From its name to the end of its line. */
  text: string;
}

export interface Declaration {
  name: string;
  kind: string;
  comment: string;
  /** As it is written, without the comment. */
  text: string;
  members: Member[];
}

const dist = path.join(root, 'dist');
const declarations = new Map<string, Declaration>();
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const file = name.replaceAll('\\', '/');
  if (!file.endsWith('.d.ts') || file === 'index.d.ts') continue;
  for (const declaration of parse(readFileSync(path.join(dist, file), 'utf8')))
    declarations.set(`${file}:${declaration.name}`, declaration);
}

/** What index.d.ts exports, with the members of interfaces that it extends. */
export function exported(): Declaration[] {
  const index = readFileSync(path.join(dist, 'index.d.ts'), 'utf8');
  return [...index.matchAll(/export (?:type )?\{([^}]*)\} from '\.\/([\w/-]+)\.ts'/g)].flatMap(([, names, file]) =>
    names!
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => withInherited(`${file}.d.ts`, name)),
  );
}

function withInherited(file: string, name: string): Declaration {
  // It may come by way of another file.
  const found =
    declarations.get(`${file}:${name}`) ?? [...declarations.values()].find((declaration) => declaration.name === name);
  if (!found) throw new Error(`no declaration of ${name} in dist/${file}`);
  const [, base] = /^export interface \w+(?:<[^{]*?>)? extends (\w+)/.exec(found.text) ?? [];
  return base ? { ...found, members: [...withInherited(file, base).members, ...found.members] } : found;
}

function* parse(source: string): Generator<Declaration> {
  const top =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^(?:export )?(?:declare )?(class|interface|type|const|function|let) (\w+)(?:.*\{\n[\s\S]*?^\}.*$|.*;$)/gm;
  for (const [whole, comment = '', kind, name] of source.matchAll(top)) {
    const text = whole.replace(/^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n/, '');
    yield { name: name!, kind: kind!, comment: plain(comment), text, members: [...membersOf(text)] };
  }
}

function* membersOf(text: string): Generator<Member> {
  const names = new Set<string>();
  const member =
    /(?: {4}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^ {4}(?:(?:readonly|get|static|async) )*([\w$]+|\[Symbol\.\w+\]|\[\w+\])(?=[?(<:])(.*)$/gm;
  for (const [, comment = '', name, rest] of text.matchAll(member)) {
    if (names.has(name!) || comment.includes('@internal')) continue;
    names.add(name!);
    yield { name: name!, comment: plain(comment), text: rest! };
  }
}

function plain(comment: string): string {
  return comment
    .replace(/^\s*\*? ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}
