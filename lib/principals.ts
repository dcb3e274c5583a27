// Users and groups by name, kind or number: who may connect, and whose pipe may be connected to.
import { INTEGRITIES, PRINCIPALS } from './constants.ts';
import { failureToError, invalid, PipeError } from './errors.ts';
import { asServerLater } from './impersonation/acting-fs.ts';
import { native, type RawAccess, type RawPrincipals } from './native.ts';
import { checkNames } from './option-names.ts';

/**
 * One user, or many of a kind. What a system does not know is an `EINVAL` that says so. `owner`: the server's own user (Windows:
 * the owner of its token, which is Administrators when it is elevated). `administrators`: on Windows whoever is one now
 * (elevated), on Linux root. `authenticated`: every user with an account that logged on. `everyone`: anybody. Windows alone has
 * `system` (the system itself), `services` (whoever runs as one), `interactive` (whoever has logged on at this machine) and
 * `appPackages` (apps in AppContainers, of those who are let in besides).
 */
export type Principal =
  | 'owner'
  | 'administrators'
  | 'system'
  | 'services'
  | 'interactive'
  | 'appPackages'
  | 'authenticated'
  | 'everyone'
  | {
      /** Windows: a security identifier, `S-1-…`. */
      readonly sid: string;
    }
  | {
      /** A user's name; on Windows maybe with its domain, `DOMAIN\name`. The system is asked for it. */
      readonly user: string;
    }
  | {
      /** A group's name, likewise. */
      readonly group: string;
    }
  | {
      /** Linux: a user id. */
      readonly uid: number;
    }
  | {
      /** Linux: a group id. */
      readonly gid: number;
    };

/** Of a client's token, or of a pipe's label (Windows). */
export type Integrity = 'low' | 'medium' | 'high';

/**
 * Who may connect. `owner`: the server's own user (on Linux also root; on Windows, of an elevated process, Administrators).
 * `authenticated`: every user with an account that logged on. `everyone`: anybody. `{ allow }`: all of these, beside the
 * server's own user. `{ sddl }`: a security descriptor in Windows' own words
 * (https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format).
 * In any case, only the owner may create another instance of the pipe.
 * On Linux `access` becomes the socket's mode (0600, 0660 and a group, or 0666) and a check of each peer; `{ sddl }` is refused
 * with `ENOTSUP`.
 */
export type Access =
  | 'owner'
  | 'authenticated'
  | 'everyone'
  | {
      /** Windows: a security descriptor in its string format. */
      readonly sddl: string;
    }
  | {
      /** Who may connect, beside the server's own user. */
      readonly allow: readonly Principal[];
      /**
       * Windows: the least integrity that a client may have, as a label against reading and writing. Not above this
       * process's own. Default: Windows' own, which keeps those below `'medium'` from writing; with `'appPackages'`: `'low'`.
       */
      readonly integrity?: Integrity | undefined;
    };

/** Whose pipe may be connected to. */
export type ServerOwner =
  | 'self'
  | 'administrators'
  | {
      /** Windows: a security identifier, `S-1-…`. */
      readonly sid: string;
    }
  | {
      /** A user's name; on Windows maybe with its domain, `DOMAIN\name`. The system is asked for it. */
      readonly user: string;
    }
  | {
      /** Linux: a user id. */
      readonly uid: number;
    };

/** An account that the system has to be asked for. */
class Account {
  readonly group: boolean;
  readonly name: string;
  constructor(group: boolean, name: string) {
    this.group = group;
    this.name = name;
  }
}

/** As native code takes them, but for accounts. */
export type Named = readonly (number | string | Account)[];

/** `access` as it was given, checked. */
export interface NamedAccess {
  readonly allow: Named;
  readonly integrity: number;
  readonly sddl: string | undefined;
}

const PRESETS = ['owner', 'authenticated', 'everyone'] as const;
const onWindows = process.platform === 'win32';
const { sid: SID, uid: UID, gid: GID, ...KINDS } = PRINCIPALS;
const { unset: UNSET, ...LEVELS } = INTEGRITIES;
/** Those that both systems have. */
const COMMON: readonly string[] = ['owner', 'administrators', 'authenticated', 'everyone'];
const LARGEST_ID = 2 ** 32 - 2;

/** Throws a PipeError `EINVAL` or `ENOTSUP` for what is no access on this system. */
export function namedAccess(access: Access): NamedAccess {
  if (typeof access === 'object' && access !== null && 'sddl' in access && typeof access.sddl === 'string') {
    checkNames('access', access, { sddl: true });
    if (!onWindows) {
      throw new PipeError(
        'ENOTSUP',
        "access: { sddl } is for Windows; use 'owner', 'authenticated', 'everyone' or { allow }",
      );
    }
    return { allow: [], integrity: UNSET, sddl: access.sddl };
  }
  if (typeof access === 'object' && access !== null && 'allow' in access) {
    const { allow, integrity } = access;
    checkNames('access', access, { allow: true, integrity: true });
    if (!Array.isArray(allow) || allow.length === 0) throw invalid('access.allow', allow, 'a list of who may connect');
    return {
      allow: Array.from(allow).flatMap((principal) => named('access.allow', principal, KINDS)),
      integrity: integrity === undefined ? UNSET : integrityOf(integrity),
      sddl: undefined,
    };
  }
  if (!(PRESETS as readonly unknown[]).includes(access))
    throw invalid('access', access, `one of ${PRESETS.join(', ')}, { allow } or { sddl }`);
  return { allow: [KINDS[access as (typeof PRESETS)[number]], ''], integrity: UNSET, sddl: undefined };
}

/** Throws likewise. Empty: anybody's. */
export function namedOwners(owners: 'any' | ServerOwner | readonly ServerOwner[]): Named {
  if (owners === 'any') return [];
  // A copy has no holes, which flatMap passes over: a list of nothing else would be as good as 'any'.
  const list: unknown[] = Array.isArray(owners) ? Array.from(owners) : [owners];
  if (list.length === 0) throw invalid('serverOwner', owners, "an owner, a list of owners or 'any'");
  const known = { self: KINDS.owner, administrators: KINDS.administrators };
  return list.flatMap((owner) => named('serverOwner', owner, known));
}

/** What native code takes; a promise only if the system has to be asked for an account. */
export function rawAccess(access: NamedAccess): RawAccess | Promise<RawAccess> {
  const { sddl, integrity } = access;
  if (sddl !== undefined) return sddl;
  const allow = rawPrincipals(access.allow);
  return allow instanceof Promise ? allow.then((known) => ({ allow: known, integrity })) : { allow, integrity };
}

/** The same for owners. */
export function rawPrincipals(given: Named): RawPrincipals | Promise<RawPrincipals> {
  return given.some((value) => value instanceof Account) ? lookedUp(given) : (given as RawPrincipals);
}

/** What was given to native code, in the words that it was asked for in. */
export function principalsOf({ allow }: Exclude<RawAccess, string>): Principal[] {
  const principals = new Set<Principal>(['owner']);
  for (let i = 0; i < allow.length; i += 2) {
    const name = Object.keys(PRINCIPALS).find((key) => PRINCIPALS[key as keyof typeof PRINCIPALS] === allow[i])!;
    principals.add((allow[i + 1] === '' ? name : { [name]: allow[i + 1] }) as Principal);
  }
  return [...principals];
}

function integrityOf(integrity: Integrity): number {
  if (!Object.hasOwn(LEVELS, integrity))
    throw invalid('access.integrity', integrity, `one of ${Object.keys(LEVELS).join(', ')}`);
  if (!onWindows) throw new PipeError('EINVAL', 'access.integrity is for Windows: Linux has no integrity levels');
  return LEVELS[integrity];
}

/** A kind, and what tells which one of it. */
function named(option: string, principal: unknown, kinds: Readonly<Record<string, number>>): Named {
  if (typeof principal === 'string' && Object.hasOwn(kinds, principal)) {
    if (onWindows || principal === 'self' || COMMON.includes(principal)) return [kinds[principal]!, ''];
    throw new PipeError('EINVAL', `${option}: '${principal}' is for Windows`);
  }
  const [entry, ...others] = typeof principal === 'object' && principal !== null ? Object.entries(principal) : [];
  if (!entry || others.length > 0) throw notNamed(option, principal, kinds);
  const [kind, value] = entry;
  switch (kind) {
    case 'sid':
      if (!onWindows) throw new PipeError('EINVAL', `${option}: { sid } is for Windows; use { uid } or { user }`);
      if (typeof value !== 'string' || !/^S-1-\d+(-\d+){1,15}$/.test(value))
        throw invalid(`${option}: sid`, value, 'a security identifier, S-1-…');
      return [SID, value];
    case 'user':
      return [onWindows ? SID : UID, account(option, kind, value)];
    case 'group':
      if (!('everyone' in kinds)) break; // a group owns no process
      return [onWindows ? SID : GID, account(option, kind, value)];
    case 'gid':
      if (!('everyone' in kinds)) break;
      return [GID, id(option, kind, value)];
    case 'uid':
      return [UID, id(option, kind, value)];
  }
  throw notNamed(option, principal, kinds);
}

function account(option: string, kind: 'user' | 'group', name: unknown): Account {
  if (typeof name === 'string' && name !== '' && !name.includes('\0')) return new Account(kind === 'group', name);
  throw invalid(`${option}: ${kind}`, name, `the name of a ${kind}`);
}

function id(option: string, kind: 'uid' | 'gid', value: unknown): number {
  if (onWindows) throw new PipeError('EINVAL', `${option}: { ${kind} } is for Linux; use { sid } or { user }`);
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_ID) return value as number;
  throw invalid(`${option}: ${kind}`, value, `a whole number from 0 to ${LARGEST_ID}`);
}

function notNamed(option: string, principal: unknown, kinds: Readonly<Record<string, number>>): PipeError {
  const groups = 'everyone' in kinds ? ', { group }, { gid }' : '';
  return invalid(option, principal, `one of ${Object.keys(kinds).join(', ')}, { sid }, { user }, { uid }${groups}`);
}

async function lookedUp(given: Named): Promise<RawPrincipals> {
  const refusal = asServerLater('looking up a user or group');
  if (refusal) throw refusal;
  return Promise.all(given.map((value) => (value instanceof Account ? idOf(value) : value)));
}

async function idOf({ group, name }: Account): Promise<number | string> {
  const found = await native.lookUp(group, name);
  if (!Array.isArray(found)) return found as number | string;
  if (found[0] !== 'ENOENT') throw failureToError(found as never);
  throw new PipeError('EINVAL', `there is no ${group ? 'group' : 'user'} ${JSON.stringify(name)} on this system`);
}
