// close, closed, waitForDrain, and what is still told after the end.
import { AFTER_THAT, ALL_SIDES, endCauses, endStates, possible, RAN_OUT } from './ends.ts';
import { area, REASON } from './row.ts';

const DONE = { gives: undefined };
const DRAIN = { code: 'EPIPE', syscall: 'waitForDrain' };
const FRAME = { syscall: 'read', says: /./ };
const LEFT_UNREAD = { code: 'EPIPE', syscall: 'write', says: 'the peer left before everything was sent' };
const TIMED_OUT = {
  code: 'ETIMEDOUT',
  syscall: 'close',
  says: 'the peer did not read what was sent within 0 ms; the rest is dropped',
};

export const ending = area({
  sides: ALL_SIDES,
  possible,
  states: endStates,
  causes: endCauses,
  calls: {
    closed: ({ it }) => it.closed,
    close: ({ it }) => it.close(),
    'close: with a timeout of 0': ({ it }) => it.close({ timeout: 0 }),
    'close: with a timeout that is none': ({ it }) => it.close({ timeout: -1 }),
    'close: with what are no options': ({ it }) => it.close(null as never),
    destroy: ({ it }) => it.destroy(),
    waitForDrain: ({ it }) => it.waitForDrain(),
    'waitForDrain: with a signal': ({ it, controller: { signal } }) => it.waitForDrain({ signal }),
    'waitForDrain: with a signal that has aborted': ({ it }) => it.waitForDrain({ signal: AbortSignal.abort(REASON) }),
    'waitForDrain: with what is no signal': ({ it }) => it.waitForDrain({ signal: {} as never }),
    stats: ({ it }) => typeof it.stats().bytesReceived,
    peer: ({ it }) => it.peer.pid,
    'ref, unref': ({ it }) => it.unref().ref() === it,
  },
  rows: [
    // What the connection came to.
    {
      call: 'closed',
      when: [
        'this side has closed the connection',
        'this side is destroying the connection',
        'this side has destroyed the connection',
        'the peer has left',
      ],
      ...DONE,
    },
    { call: 'closed', when: ['open', 'it only sends', 'it only receives'], meanwhile: 'the peer leaves', ...DONE },
    { call: 'closed', when: 'open', meanwhile: 'this side closes the connection', ...DONE },
    { call: 'closed', when: 'the peer does not read', meanwhile: 'this side destroys the connection', ...DONE },
    { call: 'closed', when: 'this side has destroyed the connection, with an error', rejects: REASON },
    { call: 'closed', when: 'the peer did not read until the timeout of close', ...TIMED_OUT },
    {
      call: 'closed',
      when: [
        'the peer does not read',
        'it only sends, and the peer does not read',
        'this side is closing the connection',
      ],
      meanwhile: 'the peer leaves',
      ...LEFT_UNREAD,
    },
    { call: 'closed', when: 'the peer has left, and did not read everything', ...LEFT_UNREAD },
    {
      call: 'closed',
      when: 'this side is closing the connection',
      meanwhile: 'this side destroys the connection with an error',
      rejects: REASON,
    },
    ...RAN_OUT.map((rest) => ({ call: 'closed' as const, ...rest })),
    { call: 'closed', when: 'the peer has left within a frame', code: 'ERR_FRAME_TRUNCATED', ...FRAME },
    {
      call: 'closed',
      when: 'the peer has sent a frame longer than `maxFrameLength`',
      meanwhile: 'the peer leaves',
      code: 'ERR_FRAME_TOO_LARGE',
      ...FRAME,
    },
    {
      call: 'closed',
      when: 'the peer has sent a malformed frame',
      meanwhile: 'this side closes the connection',
      code: 'ERR_FRAME_INVALID',
      ...FRAME,
    },

    // Closing: what the connection had come to is no failure of it.
    {
      call: ['close', 'destroy'],
      when: [
        'open',
        'this side has closed the connection',
        'this side has destroyed the connection, with an error',
        'the peer did not read until the timeout of close',
        'the peer has left',
        'the peer has left, and did not read everything',
        'the peer has left within a frame',
        'the peer has sent a malformed frame',
        'it only receives',
        'it only sends',
        'its stream was ended',
      ],
      ...DONE,
    },
    {
      call: 'close',
      when: ['the peer does not read', 'this side is closing the connection'],
      meanwhile: 'the peer leaves',
      ...DONE,
    },
    {
      call: 'close',
      when: 'the peer does not read',
      meanwhile: 'this side destroys the connection with an error',
      ...DONE,
    },
    {
      call: 'close: with a timeout of 0',
      when: ['the peer does not read', 'this side is closing the connection'],
      ...TIMED_OUT,
    },
    {
      call: 'close: with a timeout that is none',
      when: 'open',
      code: 'EINVAL',
      says: 'timeout must be a number of milliseconds from 0 up, not -1',
    },
    {
      call: 'close: with what are no options',
      when: 'open',
      code: 'EINVAL',
      says: 'options must be an object, not null',
    },

    // Waiting until the peer has read.
    {
      call: 'waitForDrain',
      when: ['open', 'it only receives', 'it only sends', 'the peer has sent a malformed frame'],
      ...DONE,
    },
    {
      call: 'waitForDrain',
      when: [
        'this side is closing the connection',
        'this side has closed the connection',
        'this side is destroying the connection',
        'this side has destroyed the connection',
        'this side has destroyed the connection, with an error',
        'the peer did not read until the timeout of close',
      ],
      ...DRAIN,
      says: 'this side closed the connection',
    },
    {
      call: 'waitForDrain',
      when: ['the peer has left', 'the peer has left, and did not read everything', 'the peer has left within a frame'],
      ...DRAIN,
      says: 'the peer has left',
    },
    {
      call: 'waitForDrain',
      when: ['the peer does not read', 'it only sends, and the peer does not read'],
      meanwhile: 'the peer leaves',
      ...DRAIN,
      says: 'the peer left before it had read everything',
    },
    {
      call: 'waitForDrain',
      when: ['the peer does not read', 'it only sends, and the peer does not read'],
      meanwhile: 'this side destroys the connection',
      ...DRAIN,
      says: 'this side closed the connection before the peer had read everything',
    },
    {
      call: 'waitForDrain',
      when: 'the peer does not read',
      meanwhile: 'this side closes the connection, and the peer leaves',
      ...DRAIN,
      says: 'the peer left before it had read everything',
    },
    {
      call: 'waitForDrain',
      when: 'the peer does not read',
      meanwhile: 'this side closes the connection, and destroys it',
      ...DRAIN,
      says: 'this side closed the connection before the peer had read everything',
    },
    { call: 'waitForDrain', syscall: 'waitForDrain', ...AFTER_THAT },
    {
      call: 'waitForDrain',
      when: 'the peer does not read, and `writeTimeout` is set',
      meanwhile: 'time runs out',
      ...DRAIN,
      says: 'the connection failed before the peer had read everything',
      cause: { code: 'ETIMEDOUT' },
    },
    {
      call: 'waitForDrain',
      when: 'the peer does not read',
      meanwhile: 'this side destroys the connection with an error',
      ...DRAIN,
      says: 'this side closed the connection before the peer had read everything',
      cause: REASON,
    },
    {
      call: 'waitForDrain: with a signal',
      when: 'the peer does not read',
      meanwhile: 'the signal aborts',
      rejects: REASON,
    },
    {
      call: 'waitForDrain: with a signal that has aborted',
      when: ['open', 'the peer does not read', 'this side has closed the connection', 'the peer has left'],
      rejects: REASON,
    },
    {
      call: 'waitForDrain: with what is no signal',
      when: ['open', 'the peer has left'],
      code: 'EINVAL',
      says: 'signal must be an AbortSignal, not {}',
    },

    // What is known stays known.
    {
      call: 'stats',
      when: ['this side has closed the connection', 'the peer has left', 'this side is destroying the connection'],
      gives: 'number',
    },
    { call: 'peer', when: ['this side has closed the connection', 'the peer has left'], gives: process.pid },
    { call: 'ref, unref', when: ['this side has closed the connection', 'the peer has left'], gives: true },
  ],
});
