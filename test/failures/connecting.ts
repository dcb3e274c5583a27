// connect.
import fs from 'node:fs';
import { onTestFinished } from 'vitest';
import {
  type ConnectOptions,
  connect,
  framing,
  type ListenOptions,
  type PipeConnection,
  type ReconnectOptions,
  reconnect,
} from '../../lib/index.ts';
import { pipePath } from '../../lib/name.ts';
import { serverFor, uniqueName } from '../support/pipes.ts';
import { asSomebodyElse, busyPipe, deadServersPipe, mayBeOthers, somebodysPipe } from './others.ts';
import { area, REASON } from './row.ts';

interface Attempt {
  name: string;
  options?: ConnectOptions | undefined;
  controller: AbortController;
}

const controller = () => new AbortController();
const served = async (listening: ListenOptions, options?: ConnectOptions): Promise<Attempt> => ({
  name: (await serverFor(uniqueName(), listening)).path,
  options,
  controller: controller(),
});
const CONNECT = { syscall: 'connect' };
const timedOut = (says: string, cause: string) => ({
  code: 'ETIMEDOUT',
  ...CONNECT,
  says: `${says} (50 ms)`,
  cause: { code: cause },
});

export const connecting = area({
  states: {
    'nobody serves the name': () => ({ name: uniqueName(), controller: controller() }),
    'the server has died': async () => ({ name: await deadServersPipe(), controller: controller() }),
    'the pipe is busy': async () => ({ name: await busyPipe(), controller: controller() }),
    'somebody serves it': () => served({}),
    'the server does not let this user in': () => served({}),
    'another user serves it': async () => ({ name: await somebodysPipe(), controller: controller() }),
    'the server serves messages, and this is not `framing.message()`': () => served({ framing: framing.message() }),
    'the server serves no messages, and this is `framing.message()`': () => served({}, { framing: framing.message() }),
    "both ends are `'in'`": () => served({ direction: 'in' }, { direction: 'in' }),
    'a file is there': () => {
      const name = pipePath(uniqueName());
      fs.writeFileSync(name, '');
      onTestFinished(() => fs.rmSync(name));
      return { name, controller: controller() };
    },
  },
  causes: {
    'the signal aborts': ({ controller }: Attempt) => controller.abort(REASON),
  },
  calls: {
    connect: ({ name, options }: Attempt) => open(connect(name, options)),
    'connect: as another user': async ({ name }: Attempt) => open((await asSomebodyElse(() => connect(name))).result),
    "connect: with `serverOwner: 'self'`": ({ name }: Attempt) => connect(name, { serverOwner: 'self' }),
    'connect: with a `timeout`': ({ name }: Attempt) => connect(name, { timeout: 50 }),
    'connect: with a `timeout` and `waitForServer`': ({ name }: Attempt) =>
      connect(name, { timeout: 50, waitForServer: true }),
    'connect: with a signal': ({ name, controller: { signal } }: Attempt) =>
      connect(name, { signal, waitForServer: true }),
    'connect: with a signal that has aborted': ({ name }: Attempt) =>
      connect(name, { signal: AbortSignal.abort(REASON) }),
    'connect: with a signal that aborts at once': ({ name, controller }: Attempt) => {
      const connecting = connect(name, { signal: controller.signal });
      controller.abort(REASON);
      return connecting;
    },
    'connect: to another machine': ({ name }: Attempt) => connect(name, { host: 'elsewhere' }),
    'connect: with what is no name': () => connect(5 as never),
    'connect: with an empty name': () => connect(''),
    'connect: with a name that has separators': () => connect('a/b'),
    'connect: with a name that is too long': () => connect('x'.repeat(300)),
    'connect: with what are no options': ({ name }: Attempt) => connect(name, 5 as never),
    'connect: with an invalid option': ({ name }: Attempt) => connect(name, { timeout: -1 }),
    reconnect: ({ name, options }: Attempt) => first(name, options),
    'reconnect: as another user': async ({ name }: Attempt) => (await asSomebodyElse(() => first(name))).result,
    "reconnect: with `serverOwner: 'self'`": ({ name }: Attempt) => first(name, { serverOwner: 'self' }),
    'reconnect: with a signal': ({ name, controller: { signal } }: Attempt) => first(name, { signal }),
    'reconnect: with a signal that has aborted': ({ name }: Attempt) =>
      first(name, { signal: AbortSignal.abort(REASON) }),
    'reconnect: to another machine': ({ name }: Attempt) => first(name, { host: 'elsewhere' }),
    'reconnect: with an empty name': () => first(''),
    'reconnect: with a name that is too long': () => first('x'.repeat(300)),
    'reconnect: with an invalid option': ({ name }: Attempt) => first(name, { backoff: { min: 0 } }),
  },
  rows: [
    { call: 'connect', when: 'nobody serves the name', code: 'ENOENT', ...CONNECT, says: '' },
    {
      call: 'connect',
      when: 'the server has died',
      linux: { code: 'ECONNREFUSED', ...CONNECT, says: 'the server has ended and left its socket behind' },
      windows: { code: 'ENOENT', ...CONNECT, says: '' },
      because: "a socket's file outlives its server",
    },
    {
      call: 'connect: with a `timeout`',
      when: 'the pipe is busy',
      ...timedOut('the pipe was busy all the time', 'EAGAIN'),
    },
    {
      call: 'connect: with a `timeout` and `waitForServer`',
      when: 'nobody serves the name',
      ...timedOut('nobody served it', 'ENOENT'),
    },
    {
      call: ['connect: as another user', 'reconnect: as another user'],
      when: 'the server does not let this user in',
      tried: mayBeOthers,
      code: 'EACCES',
      ...CONNECT,
      says: /^the server's access option does not let this user connect .* needs access: 'authenticated'$/,
    },
    {
      call: ["connect: with `serverOwner: 'self'`", "reconnect: with `serverOwner: 'self'`"],
      when: 'another user serves it',
      tried: mayBeOthers,
      code: 'ERR_PIPE_UNTRUSTED_SERVER',
      ...CONNECT,
      says: 'another user serves this pipe than serverOwner names (Windows: what an elevated process serves belongs to Administrators)',
    },
    {
      call: ['connect', 'reconnect'],
      when: 'the server serves no messages, and this is `framing.message()`',
      code: 'EPROTOTYPE',
      ...CONNECT,
      says: 'only one end uses framing.message()',
    },
    {
      call: ['connect', 'reconnect'],
      when: 'the server serves messages, and this is not `framing.message()`',
      linux: { code: 'EPROTOTYPE', ...CONNECT, says: 'only one end uses framing.message()' },
      windows: { gives: 'a connection' },
      because: 'Windows lets a client read a pipe of messages as bytes',
    },
    {
      call: ['connect', 'reconnect'],
      when: "both ends are `'in'`",
      linux: { gives: 'a connection' },
      windows: {
        code: 'EACCES',
        ...CONNECT,
        says: /^the server's access option does not let this user connect \(Windows: or not in this direction\)/,
      },
      because: 'a socket has no direction to refuse',
    },
    {
      call: ['connect', 'reconnect'],
      when: 'a file is there',
      linux: { code: 'ENOTSOCK', ...CONNECT, says: 'the file at this path is not a socket' },
      windows: undefined,
      because: 'only sockets are among files',
    },
    {
      call: ['connect: to another machine', 'reconnect: to another machine'],
      when: 'nobody serves the name',
      linux: { code: 'ENOTSUP', says: /^host is for Windows: a Unix socket cannot be reached on another machine/ },
      windows: undefined,
      because: 'only Windows reaches other machines',
    },
    {
      call: ['connect: with a signal', 'reconnect: with a signal'],
      when: ['the pipe is busy', 'nobody serves the name'],
      meanwhile: 'the signal aborts',
      rejects: REASON,
    },
    {
      call: [
        'connect: with a signal that has aborted',
        'connect: with a signal that aborts at once',
        'reconnect: with a signal that has aborted',
      ],
      when: ['somebody serves it', 'the pipe is busy'],
      rejects: REASON,
    },
    {
      call: 'connect: with what is no name',
      when: 'nobody serves the name',
      code: 'EINVAL',
      says: 'name must be a string, not 5',
    },
    {
      call: ['connect: with an empty name', 'reconnect: with an empty name'],
      when: 'nobody serves the name',
      code: 'EINVAL',
      says: 'name must be a pipe name such as "reports", not ""',
    },
    {
      call: 'connect: with a name that has separators',
      when: 'nobody serves the name',
      code: 'EINVAL',
      says: /^name must be without "\/" and "\\", or .*, not "a\/b"$/,
    },
    {
      call: ['connect: with a name that is too long', 'reconnect: with a name that is too long'],
      when: 'nobody serves the name',
      code: 'ENAMETOOLONG',
      says: /^ENAMETOOLONG: a pipe's path may have \d+ (bytes|characters), this one is longer: /,
    },
    {
      call: 'connect: with what are no options',
      when: 'somebody serves it',
      code: 'EINVAL',
      says: 'options must be an object, not 5',
    },
    {
      call: 'connect: with an invalid option',
      when: 'somebody serves it',
      code: 'EINVAL',
      says: 'timeout must be a number of milliseconds from 0 up, not -1',
    },
    {
      call: 'reconnect: with an invalid option',
      when: 'somebody serves it',
      code: 'EINVAL',
      says: 'backoff.min must be a number of milliseconds from 1 to 2147483647, not 0',
    },
  ],
});

async function open(connecting: Promise<PipeConnection>): Promise<string> {
  (await connecting).destroy();
  return 'a connection';
}

/** What the first round of the loop comes to. */
async function first(name: string, options?: ReconnectOptions): Promise<string> {
  const connections = reconnect(name, options);
  const { value } = await connections.next();
  await connections.return();
  return value ? 'a connection' : 'none';
}
