// docs/api.md against the declarations: every public name is explained in both, and nothing else is.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FRAMINGS } from '../lib/constants.ts';
import { framing } from '../lib/index.ts';
import { exported } from './support/declarations.ts';
import { root } from './support/programs.ts';

const page = readFileSync(path.join(root, 'docs/api.md'), 'utf8').replaceAll('\r\n', '\n');

/** By heading: what follows it, up to the next one. */
const sections = new Map<string, string>();
for (const [, heading, body] of page.matchAll(/^#{2,3} (.+)\n((?:(?!^#{2,3} )[\s\S])*)/gm))
  sections.set(heading!, body!);

const api = exported();
const section = (name: string): string => sections.get(`\`${name}\``) ?? '';

/** What is written as code in a text, tables and lists alike. */
const codeIn = (text: string): string[] => [...withoutExamples(text).matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

const withoutExamples = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** Whether a section introduces this name: as `name`, `name(…)`, `{ name }` … */
function introduces(text: string, name: string): boolean {
  return codeIn(text).some((code) => {
    const rest = code.startsWith('{ ') ? code.slice(2) : code;
    return rest === name || (rest.startsWith(name) && /^[(:\s]/.test(rest.slice(name.length)));
  });
}

it('the declarations are read as they are', () => {
  // Should the form of these files change, this fails before the rest becomes empty talk.
  expect(api.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['listen', 'PipeServer', 'framing', 'ListenOptions', 'Access', 'PipeDuplex']),
  );
  const members = (name: string) => api.find((one) => one.name === name)!.members.map((member) => member.name);
  expect(members('ListenOptions')).toEqual([
    'framing',
    'direction',
    'highWaterMark',
    'frameTimeout',
    'idleTimeout',
    'writeTimeout',
    'busyPoll',
    'access',
    'allowRemote',
    'exclusive',
    'maxInstances',
    'pendingInstances',
    'backlog',
    'maxPerUser',
    'firstFrameTimeout',
    'bufferSize',
    'signal',
  ]);
  expect(members('PipeConnection')).toEqual(
    expect.arrayContaining(['closed', 'read', '[Symbol.asyncIterator]', 'available', 'runAsClient', 'stats']),
  );
  expect(members('PipeConnection')).not.toContain('constructor');
  expect(members('Framings').sort()).toEqual(Object.keys(framing).sort());
});

describe.each(api.map((one) => [one.name, one] as const))('%s', (name, { comment, members, kind, text }) => {
  it('has a comment of its own', () => {
    expect(comment).not.toBe('');
    expect(comment).not.toContain('@internal');
  });

  it('has a comment on every member', () => {
    expect(members.filter((member) => member.comment === '').map((member) => member.name)).toEqual([]);
  });

  it('is explained in docs/api.md, with every member', () => {
    expect(section(name)).not.toBe('');
    const missing = members.filter(
      (member) => member.name !== 'constructor' && !introduces(section(name), member.name),
    );
    expect(missing.map((member) => member.name)).toEqual([]);
  });

  if (kind === 'type') {
    it('is explained with every value', () => {
      const values = [...text.matchAll(/'([^']+)'/g)].map(([, value]) => value!);
      const explained = codeIn(section(name)).join(' ');
      expect(values.filter((value) => !explained.includes(value))).toEqual([]);
    });
  }

  if (name.endsWith('Options')) {
    it('has the same defaults there', () => {
      for (const member of members) {
        // Those of `listen` and the like stand there, once.
        const row = section(member.of ?? name)
          .split('\n')
          .find((line) => line.startsWith(`| \`${member.name}\` |`));
        expect(row, `a row for ${member.name}`).toBeDefined();
        const stated = row!.split(' | ')[1]!;
        const [, declared] = /Default: (.+?)(?:\.(?: |$)|;| \()/.exec(member.comment) ?? [];
        if (declared === undefined) expect(stated, `${member.name} has no default`).toMatch(/^(none|this one)/);
        else expect(stated).toContain(declared.replace(/, which .*/, ''));
      }
    });
  }
});

describe('docs/api.md', () => {
  it('names each kind of framing', () => {
    const kinds = codeIn(section('Framing')).filter((code) => code.startsWith("'"));
    expect(kinds.map((kind) => kind.slice(1, -1)).sort()).toEqual(Object.keys(FRAMINGS).sort());
  });

  it('explains nothing that is not there', () => {
    const headings = [...sections.keys()]
      .filter((heading) => heading.startsWith('`'))
      .map((heading) => heading.slice(1, -1));
    expect(headings.filter((heading) => !api.some(({ name }) => name === heading))).toEqual([]);
    for (const { name, members } of api.filter(({ name }) => name.endsWith('Options'))) {
      const rows = [...section(name).matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option!);
      expect(
        rows.filter((option) => !members.some((member) => member.name === option)),
        name,
      ).toEqual([]);
    }
  });

  it('has a place for every link within it', () => {
    const slugs = new Set<string>();
    for (const [, heading] of page.matchAll(/^#+ (.+)$/gm)) {
      const slug = heading!
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replace(/\s/g, '-');
      let unique = slug;
      for (let i = 1; slugs.has(unique); i++) unique = `${slug}-${i}`;
      slugs.add(unique);
    }
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !slugs.has(link))).toEqual([]);
  });

  it('links to files that are there', () => {
    const links = [...page.matchAll(/\]\((\.[^)#]+)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !existsSync(path.join(root, 'docs', link)))).toEqual([]);
  });

  it('names every code of our own, and no other', () => {
    const ours = /ERR_(?:PIPE|FRAME)_[A-Z_]+[A-Z]/g;
    const used = new Set(
      sources('lib', '.ts')
        .concat(sources('native', '.cc'), sources('native', '.h'))
        .flatMap((text) => text.match(ours) ?? []),
    );
    const table = new Set(section('PipeErrorCode').match(ours));
    const declared = new Set(api.find(({ name }) => name === 'PipeErrorCode')!.text.match(ours));
    expect([...table].sort()).toEqual([...used].sort());
    expect([...declared].sort()).toEqual([...used].sort());
  });
});

it('CONTRIBUTING.md names files that are there', () => {
  const recipes = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8');
  const files = codeIn(recipes.replace(/^```[\s\S]*?^```/gm, ''))
    .flatMap((code) => code.split(' '))
    .filter((file) => /\/.*\.\w+$/.test(file) && !file.includes('NAME'));
  expect(files.length).toBeGreaterThan(30);
  const there = (file: string) => ['', 'native'].some((folder) => existsSync(path.join(root, folder, file)));
  expect(files.filter((file) => !there(file))).toEqual([]);
});

function sources(folder: string, ending: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && path.basename(file) !== 'errors.ts')
    .map((file) => readFileSync(path.join(root, folder, file), 'utf8'));
}
