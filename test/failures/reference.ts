// The table as docs/api.md has it: what each call fails with, and why.
import type { Case, Comes, Outcome } from './row.ts';

export function reference(table: readonly Case[]): string {
  const causes = new Map<string, Map<string, Set<string>>>();
  for (const { operation, when, outcome } of table) {
    const call = operation.replace(/ \(.*\)/, ''); // a variant that makes no difference to who calls it
    for (const { code, why, where } of failures(outcome, when)) {
      const codes = at(causes, call, () => new Map<string, Set<string>>());
      const whys = at(codes, code, () => new Set<string>());
      if (!whys.has(why)) whys.add(where ? `*${where}*: ${why}` : why);
    }
  }
  const calls = new Map<string, string[]>(); // those that fail alike
  for (const [call, codes] of causes)
    for (const [code, whys] of codes) at(calls, `${code} | ${[...whys].join('; ')} |`, () => [] as string[]).push(call);
  const rows = [...calls].map(([rest, each]) => `| ${each.map((call) => `\`${call}\``).join(', ')} | ${rest}`);
  return ['| call | fails with | because |', '| --- | --- | --- |', ...rows].join('\n');
}

interface Failure {
  code: string;
  why: string;
  /** The only system that it is for. */
  where?: string;
}

function failures(outcome: Outcome, when: string): Failure[] {
  if (!('because' in outcome)) return failure(outcome, when);
  const [linux] = failure(outcome.linux, when);
  const [windows] = failure(outcome.windows, when);
  if (linux && linux.code === windows?.code) return [linux];
  return [...(linux ? [{ ...linux, where: 'Linux' }] : []), ...(windows ? [{ ...windows, where: 'Windows' }] : [])];
}

function failure(comes: Comes | undefined, when: string): Failure[] {
  if (comes === undefined || 'gives' in comes) return [];
  if ('rejects' in comes)
    return [{ code: 'the given error', why: "`signal`'s reason; the error for `destroy`; what `fn` threw" }];
  const { code, says, syscall } = comes;
  if (code === 'EINVAL' && !syscall) return [{ code: '`EINVAL`', why: 'an invalid argument or option' }];
  return [
    { code: `\`${code}\``, why: typeof says === 'string' && says !== '' ? says.replace(/\d+ ms/, '… ms') : when },
  ];
}

function at<K, V>(map: Map<K, V>, key: K, made: () => V): V {
  if (!map.has(key)) map.set(key, made());
  return map.get(key)!;
}
