// broadcast.
import { framing, type PipeConnection, type PipeServer } from '../../lib/index.ts';
import { clientFor, next, serverFor, uniqueName } from '../support/pipes.ts';
import { flood, LONGEST } from './ends.ts';
import { area, OPEN } from './row.ts';

interface Of {
  server: PipeServer;
  client: PipeConnection;
}

const frame = Buffer.from('a frame');
const LIMITED = { framing: framing.lengthPrefix({ maxFrameLength: LONGEST }) };

export const broadcasting = area({
  states: {
    open: () => served(),
    'it only receives': async () => ({ server: await serverFor(uniqueName(), { direction: 'in' }) }) as Of,
    'the peer does not read': async () => {
      const of = await served();
      flood(of.client);
      return of;
    },
  },
  calls: {
    broadcast: async ({ server }) => server.broadcast([frame]),
    'broadcast: a frame longer than `maxFrameLength`': async ({ server }) =>
      server.broadcast([frame, Buffer.alloc(LONGEST + 1)]),
    'broadcast: no frame': async ({ server }) => server.broadcast(['text' as never]),
    'broadcast: a single frame': async ({ server }) => server.broadcast(frame as never),
    'broadcast: to what is no connection of the server': async ({ server }) =>
      server.broadcast([frame], { to: [5 as never] }),
    'closed: after `broadcast` with `behind` set to close': ({ server, client }) => {
      server.broadcast([frame], { behind: 'close' });
      return client.closed;
    },
  },
  rows: [
    { call: 'broadcast', when: OPEN, gives: { sent: 1, skipped: 0 } },
    { call: 'broadcast', when: 'the peer does not read', gives: { sent: 0, skipped: 1 } },
    {
      call: 'broadcast',
      when: 'it only receives',
      code: 'EPIPE',
      syscall: 'write',
      says: "this end only receives: its direction is 'in'",
    },
    {
      call: 'broadcast: a frame longer than `maxFrameLength`',
      when: OPEN,
      code: 'ERR_FRAME_TOO_LARGE',
      syscall: 'write',
      says: /./,
    },
    {
      call: 'broadcast: no frame',
      when: OPEN,
      code: 'ERR_INVALID_ARG_TYPE',
      says: "The frame must be a Uint8Array. Received type string; to send strings, make the framing with { as: 'utf8' }",
    },
    {
      call: 'broadcast: a single frame',
      when: OPEN,
      code: 'EINVAL',
      says: 'frames must be an iterable of frames, not a single one: put it in an array, [frame]',
    },
    {
      call: 'broadcast: to what is no connection of the server',
      when: OPEN,
      code: 'EINVAL',
      says: 'each of `to` must be a connection of this server, not 5',
    },
    {
      call: 'closed: after `broadcast` with `behind` set to close',
      when: 'the peer does not read',
      code: 'ERR_PIPE_BEHIND',
      syscall: 'write',
      says: /^the peer does not read what is broadcast: \d+ bytes wait for it, more than highWaterMark \(1048576\)/,
    },
  ],
});

async function served(): Promise<Of> {
  const server = await serverFor(uniqueName(), LIMITED);
  await clientFor(server.path, LIMITED);
  return { server, client: await next(server) };
}
