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
  /** The exported declaration that it is inherited from. */
  of?: string;
}

export interface Declaration {
  name: string;
  kind: string;
  comment: string;
  /** As it is written, without the comment. */
  text: string;
  exported: boolean;
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

/** What the package's entries export, with the members of interfaces that they extend. */
export function exported(): Declaration[] {
  return ['', 'http/'].flatMap((folder) => {
    const index = readFileSync(path.join(dist, folder, 'index.d.ts'), 'utf8');
    return [...index.matchAll(/export (?:type )?\{([^}]*)\} from '\.\/([\w/-]+)\.ts'/g)].flatMap(([, names, file]) =>
      names!
        .split(',')
        .map((name) => name.trim().replace(/^type /, ''))
        .filter((name) => name !== '')
        .map((name) => withInherited(`${folder}${file}.d.ts`, name)),
    );
  });
}

function withInherited(file: string, name: string): Declaration {
  const found = find(file, name);
  if (!found) throw new Error(`no declaration of ${name} in dist/${file}`);
  const [, bases = ''] = /^export interface \w+(?:<[^{]*?>)? extends ([^{]+)\{/.exec(found.text) ?? [];
  // Other libraries' are theirs to explain; those that `Omit<…>` names are not inherited.
  const ours = (bases.match(/\b[A-Z]\w+/g) ?? []).filter((base) => find(file, base));
  const replaced = new Set([...(bases.match(/(?<=')\w+(?=')/g) ?? []), ...found.members.map((member) => member.name)]);
  const inherited = ours.flatMap((base) => {
    const { members, exported } = withInherited(file, base);
    return exported ? members.map((member) => ({ of: base, ...member })) : members;
  });
  return { ...found, members: [...inherited.filter((member) => !replaced.has(member.name)), ...found.members] };
}

/** It may come by way of another file. */
function find(file: string, name: string): Declaration | undefined {
  return declarations.get(`${file}:${name}`) ?? [...declarations.values()].find((one) => one.name === name);
}

function* parse(source: string): Generator<Declaration> {
  const top =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^(?:export )?(?:declare )?(class|interface|type|const|function|let) (\w+)(?:.*\{\n[\s\S]*?^\}.*$|.*;$)/gm;
  for (const [whole, comment = '', kind, name] of source.matchAll(top)) {
    const text = whole.replace(/^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n/, '');
    const exported = text.startsWith('export ');
    yield { name: name!, kind: kind!, comment: plain(comment), text, exported, members: [...membersOf(text)] };
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
