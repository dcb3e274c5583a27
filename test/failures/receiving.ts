// read, iteration, batches.
import { ALL_SIDES, endCauses, endStates, possible, RAN_OUT } from './ends.ts';
import { area, REASON } from './row.ts';

const readers = ['read', 'for await', 'batches'] as const;
const END = { gives: null };
const READ = { syscall: 'read' };

export const receiving = area({
  sides: ALL_SIDES,
  possible,
  states: endStates,
  causes: endCauses,
  calls: {
    read: ({ it }) => it.read(),
    'for await': ({ it }) => nextOf(it[Symbol.asyncIterator]()),
    batches: ({ it }) => nextOf(it.batches()),
    'read: with a signal': ({ it, controller: { signal } }) => it.read({ signal }),
    'read: with a signal that has aborted': ({ it }) => it.read({ signal: AbortSignal.abort(REASON) }),
    'read: with what is no signal': ({ it }) => it.read({ signal: {} as never }),
    'read: with what are no options': ({ it }) => it.read('now' as never),
  },
  rows: [
    {
      call: [...readers],
      when: [
        'this side is closing the connection',
        'this side has closed the connection',
        'this side is destroying the connection',
        'this side has destroyed the connection',
        'the peer did not read until the timeout of close',
        'the peer has left',
        'it only sends',
      ],
      ...END,
    },
    {
      call: [...readers],
      when: 'the peer has left, and did not read everything',
      ...END,
    },
    {
      call: [...readers],
      when: 'this side has destroyed the connection, with an error',
      rejects: REASON,
    },
    ...RAN_OUT.map((rest) => ({ call: [...readers], ...rest })),
    {
      call: [...readers],
      when: 'the peer has left within a frame',
      code: 'ERR_FRAME_TRUNCATED',
      ...READ,
      says: 'the stream ended within a frame',
    },
    {
      call: [...readers],
      when: 'the peer has sent a frame longer than `maxFrameLength`',
      code: 'ERR_FRAME_TOO_LARGE',
      ...READ,
      says: /^longer than maxFrameLength .*\(?100001 bytes, at byte 0 of the stream\)$/,
    },
    {
      call: [...readers],
      when: 'the peer has sent a malformed frame',
      code: 'ERR_FRAME_INVALID',
      ...READ,
      says: /./,
    },
    { call: [...readers], when: 'open', meanwhile: 'this side closes the connection', ...END },
    { call: [...readers], when: 'open', meanwhile: 'this side destroys the connection', ...END },
    { call: [...readers], when: 'open', meanwhile: 'this side destroys the connection with an error', rejects: REASON },
    { call: [...readers], when: 'open', meanwhile: 'the peer leaves', ...END },
    { call: [...readers], when: 'it only receives', meanwhile: 'the peer leaves', ...END },
    { call: [...readers], when: 'it only sends, and the peer does not read', ...END },
    { call: 'read: with a signal', when: 'open', meanwhile: 'the signal aborts', rejects: REASON },
    {
      call: 'read: with a signal that has aborted',
      when: ['open', 'the peer has left', 'this side has closed the connection'],
      rejects: REASON,
    },
    {
      call: 'read: with what is no signal',
      when: 'open',
      code: 'EINVAL',
      says: 'signal must be an AbortSignal, not {}',
    },
    {
      call: 'read: with what are no options',
      when: 'open',
      code: 'EINVAL',
      says: 'options must be an object, not "now"',
    },
  ],
});

async function nextOf<T>(iterator: AsyncIterator<T>): Promise<T | null> {
  const { done, value } = await iterator.next();
  return done ? null : value;
}
