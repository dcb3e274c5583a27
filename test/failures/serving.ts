// listen, and what a server is asked.
import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type ListenOptions, listen, type PipeServer } from '../../lib/index.ts';
import { pipePath } from '../../lib/name.ts';
import { clientFor, next, serverFor, uniqueName } from '../support/pipes.ts';
import { temporaryFolder } from '../support/programs.ts';
import { flood } from './ends.ts';
import { asSomebodyElse, mayBeOthers } from './others.ts';
import { area, OPEN, REASON } from './row.ts';

const LISTEN = { syscall: 'listen' };

/** What is served ends with the test, and tells of it by its path. */
async function opened(listening: Promise<PipeServer>): Promise<string> {
  const server = await listening;
  onTestFinished(() => server.close());
  return 'a server';
}

const listening = area({
  states: {
    open: () => uniqueName(),
    'somebody serves the name': async () => (await serverFor(uniqueName())).path,
    'a file is there': () => {
      const name = pipePath(uniqueName());
      fs.writeFileSync(name, '');
      onTestFinished(() => fs.rmSync(name));
      return name;
    },
    'its folder does not exist': async () => path.join(await temporaryFolder(), 'missing', 'socket'),
    "its folder is another user's": async () => path.join(await temporaryFolder(), 'socket'),
  },
  calls: {
    listen: (name) => opened(listen(name)),
    'listen: as another user': async (name) => (await asSomebodyElse(() => listen(name))).result,
    'listen: with a signal that has aborted': (name) => listen(name, { signal: AbortSignal.abort(REASON) }),
    'listen: with a signal that aborts at once': async (name) => {
      const controller = new AbortController();
      const starting = listen(name, { signal: controller.signal });
      controller.abort(REASON);
      return (await starting)[Symbol.asyncIterator]().next();
    },
    'listen: with `exclusive: false`': (name) => opened(listen(name, { exclusive: false })),
    'listen: with an `sddl`': (name) => opened(listen(name, { access: { sddl: 'D:P(A;;GA;;;WD)' } })),
    'listen: with an `sddl` that is none': (name) => listen(name, { access: { sddl: 'everybody' } }),
    'listen: with an empty name': () => listen(''),
    'listen: with a name that is too long': () => listen('x'.repeat(300)),
    'listen: with what are no options': (name) => listen(name, null as never),
    'listen: with an invalid option': (name) => listen(name, { access: 'nobody' } as never as ListenOptions),
  },
  rows: [
    {
      call: 'listen',
      when: 'somebody serves the name',
      code: 'EADDRINUSE',
      ...LISTEN,
      says: /^somebody serves this name already/,
    },
    {
      call: 'listen',
      when: 'a file is there',
      linux: { code: 'EADDRINUSE', ...LISTEN, says: /./ },
      windows: undefined,
      because: 'only sockets are among files',
    },
    {
      call: 'listen',
      when: 'its folder does not exist',
      linux: { code: 'ENOENT', ...LISTEN, says: "the socket's directory does not exist" },
      windows: undefined,
      because: 'only sockets are among files',
    },
    {
      call: 'listen: as another user',
      when: "its folder is another user's",
      tried: mayBeOthers,
      linux: { code: 'EACCES', ...LISTEN, says: '' },
      windows: undefined,
      because: 'only sockets are among files',
    },
    { call: 'listen: with a signal that has aborted', when: OPEN, rejects: REASON },
    { call: 'listen: with a signal that aborts at once', when: OPEN, gives: { done: true, value: undefined } },
    {
      call: 'listen: with `exclusive: false`',
      when: OPEN,
      linux: {
        code: 'ENOTSUP',
        says: /^exclusive: false is for Windows: .*Let one process listen and pass frames on to the others/,
      },
      windows: { gives: 'a server' },
      because: 'one Unix socket cannot be shared by several servers',
    },
    {
      call: 'listen: with an `sddl`',
      when: OPEN,
      linux: { code: 'ENOTSUP', says: /^access: \{ sddl \} is for Windows/ },
      windows: { gives: 'a server' },
      because: 'descriptors are Windows’',
    },
    {
      call: 'listen: with an `sddl` that is none',
      when: OPEN,
      linux: { code: 'ENOTSUP', says: /^access: \{ sddl \} is for Windows/ },
      windows: { code: 'EINVAL', ...LISTEN, says: 'access.sddl is not a valid security descriptor' },
      because: 'descriptors are Windows’',
    },
    {
      call: 'listen: with an empty name',
      when: OPEN,
      code: 'EINVAL',
      says: 'name must be a pipe name such as "reports", not ""',
    },
    {
      call: 'listen: with a name that is too long',
      when: OPEN,
      code: 'ENAMETOOLONG',
      says: /^ENAMETOOLONG: a pipe's path may have \d+ (bytes|characters), this one is longer: /,
    },
    {
      call: 'listen: with what are no options',
      when: OPEN,
      code: 'EINVAL',
      says: 'options must be an object, not null',
    },
    {
      call: 'listen: with an invalid option',
      when: OPEN,
      code: 'EINVAL',
      says: 'access must be one of owner, authenticated, everyone, { allow } or { sddl }, not "nobody"',
    },
  ],
});

const asked = area({
  states: {
    open: () => serverFor(uniqueName()),
    'it is being closed': async () => {
      const server = await serverFor(uniqueName());
      void server.close();
      return server;
    },
    'it is closed': async () => {
      const server = await serverFor(uniqueName());
      await server.close();
      return server;
    },
    'a client does not read': async () => {
      const server = await serverFor(uniqueName());
      await clientFor(server.path, { highWaterMark: 1 << 16 });
      flood(await next(server));
      return server;
    },
  },
  causes: {
    'it is closed': (server) => server.close(),
  },
  calls: {
    'for await': (server) => server[Symbol.asyncIterator]().next(),
    serve: (server) => server.serve(() => {}),
    'serve: with what is no handler': (server) => server.serve('handler' as never),
    'serve: with what are no options': (server) => server.serve(() => {}, null as never),
    'serve: with an `onError` that is no function': (server) => server.serve(() => {}, { onError: 5 as never }),
    setAccess: (server) => server.setAccess('everyone'),
    'setAccess: what is no access': (server) => server.setAccess('nobody' as never),
    'server.close': (server) => server.close(),
    'server.close: with its connections, and a timeout of 0': (server) =>
      server.close({ connections: true, timeout: 0 }),
    'server.close: with what are no options': (server) => server.close(5 as never),
    stats: (server) => server.stats(),
    connections: (server) => server.connections,
    'ref, unref': (server) => server.unref().ref() === server,
  },
  rows: [
    { call: 'for await', when: ['it is closed', 'it is being closed'], gives: { done: true, value: undefined } },
    { call: 'for await', when: OPEN, meanwhile: 'it is closed', gives: { done: true, value: undefined } },
    { call: 'serve', when: ['it is closed', 'it is being closed'], gives: undefined },
    { call: 'serve', when: OPEN, meanwhile: 'it is closed', gives: undefined },
    {
      call: 'serve: with what is no handler',
      when: [OPEN, 'it is closed'],
      code: 'EINVAL',
      says: 'handler must be a function, not "handler"',
    },
    {
      call: 'serve: with what are no options',
      when: OPEN,
      code: 'EINVAL',
      says: 'options must be an object, not null',
    },
    {
      call: 'serve: with an `onError` that is no function',
      when: OPEN,
      code: 'EINVAL',
      says: 'onError must be a function, not 5',
    },
    {
      call: 'setAccess',
      when: ['it is closed', 'it is being closed'],
      code: 'EINVAL',
      syscall: 'setAccess',
      says: 'the server is closed',
    },
    {
      call: 'setAccess: what is no access',
      when: [OPEN, 'it is closed'],
      code: 'EINVAL',
      says: 'access must be one of owner, authenticated, everyone, { allow } or { sddl }, not "nobody"',
    },
    {
      call: 'server.close',
      when: [OPEN, 'it is closed', 'it is being closed', 'a client does not read'],
      gives: undefined,
    },
    {
      call: 'server.close: with its connections, and a timeout of 0',
      when: 'a client does not read',
      code: 'ETIMEDOUT',
      syscall: 'close',
      says: 'the peer did not read what was sent within 0 ms; the rest is dropped',
    },
    {
      call: 'server.close: with what are no options',
      when: OPEN,
      code: 'EINVAL',
      says: 'options must be an object, not 5',
    },
    {
      call: 'stats',
      when: ['it is closed', 'it is being closed'],
      gives: { accepted: 0, open: 0, waiting: 0 },
    },
    { call: 'connections', when: 'it is closed', gives: 0 },
    { call: 'ref, unref', when: ['it is closed', 'it is being closed'], gives: true },
  ],
});

export const serving = [...listening, ...asked];
