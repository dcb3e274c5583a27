// peerUser, runAsClient.
import { AFTER_THAT, type Ends, endCauses, endStates, ends } from './ends.ts';
import { area, REASON } from './row.ts';

const both = ['peerUser', 'runAsClient'] as const;
const ENDED = { code: 'EPIPE', syscall: 'impersonate' };
const neverCalled = () => {
  throw new Error('it must not be called');
};

const calls = {
  peerUser: ({ it }: Ends) => it.peerUser(),
  runAsClient: ({ it }: Ends) => it.runAsClient(neverCalled),
};

const ofServer = area({
  sides: ['server'],
  states: {
    ...endStates,
    'the client lets the server know it, and no more': endStates.open,
    'the client is anonymous': (side) => ends(side, {}, { impersonation: 'anonymous' }),
    'the client lets the server act as it': (side) => ends(side, {}, { impersonation: 'impersonation' }),
    'this side has closed the connection, having asked before': async (side) => {
      const state = await endStates.open(side);
      await state.it.peerUser();
      await state.it.close();
      return state;
    },
    'this side is closing the connection, having asked before': async (side) => {
      const state = await endStates['the peer does not read'](side);
      await state.it.peerUser();
      void state.it.close({ timeout: Infinity }).catch(() => {});
      return state;
    },
  },
  causes: endCauses,
  calls: {
    ...calls,
    'runAsClient: what is no function': ({ it }) => it.runAsClient('fn' as never),
    'runAsClient: an async function that does not take the client': ({ it }) => it.runAsClient(async () => {}),
    'runAsClient: a function that fails': ({ it }) =>
      it.runAsClient(() => {
        throw REASON;
      }),
    'runAsClient: a promise though the client was not used': ({ it }) =>
      it.runAsClient((_as) => Promise.reject(REASON)),
  },
  rows: [
    {
      call: [...both],
      when: [
        'this side is closing the connection',
        'this side is closing the connection, having asked before',
        'this side has closed the connection',
        'this side has closed the connection, having asked before',
        'this side is destroying the connection',
        'this side has destroyed the connection',
        'this side has destroyed the connection, with an error',
        'the peer did not read until the timeout of close',
      ],
      ...ENDED,
      says: 'this side closed the connection',
    },
    { call: [...both], syscall: 'impersonate', ...AFTER_THAT },
    { call: 'runAsClient: what is no function', when: 'open', code: 'EINVAL', says: 'fn must be a function, not "fn"' },
    {
      call: 'runAsClient: an async function that does not take the client',
      when: 'open',
      code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT',
      says: /^an async function that does not take the client would run as the server/,
    },
    {
      call: 'runAsClient: a promise though the client was not used',
      when: 'the client lets the server act as it',
      code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT',
      says: /^the function returned a promise and never used the client/,
      cause: REASON,
    },
    { call: 'runAsClient: a function that fails', when: 'the client lets the server act as it', rejects: REASON },
    {
      call: 'runAsClient: a function that fails',
      when: 'the client lets the server know it, and no more',
      linux: { rejects: REASON },
      windows: {
        code: 'ERR_PIPE_CANNOT_IMPERSONATE',
        syscall: 'impersonate',
        says: "the client offers to be identified only: let it connect with { impersonation: 'impersonation' }",
      },
      because: 'a Unix socket offers every client alike',
    },
    {
      call: ['peerUser', 'runAsClient: a function that fails'],
      when: 'the client is anonymous',
      linux: undefined,
      windows: { code: 'ERR_PIPE_CANNOT_IMPERSONATE', syscall: 'impersonate', says: /./ },
      because: 'a Unix socket offers every client alike',
    },
  ],
});

const ofClient = area({
  sides: ['client'],
  states: endStates,
  causes: endCauses,
  calls,
  rows: [
    {
      call: [...both],
      when: ['open', 'this side has closed the connection', 'the peer has left'],
      code: 'ERR_PIPE_NOT_SERVER',
      says: 'only the server of a connection has a client',
    },
  ],
});

export const acting = [...ofServer, ...ofClient];
