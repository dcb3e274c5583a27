// send, sendMany.
import { AFTER_THAT, ALL_SIDES, endCauses, endStates, LONGEST, possible } from './ends.ts';
import { area, REASON } from './row.ts';

const frame = Buffer.from('a frame');
const send = ['send', 'send (a large frame)', 'sendMany'] as const;
const EPIPE = { code: 'EPIPE', syscall: 'write' };

export const sending = area({
  sides: ALL_SIDES,
  possible,
  states: endStates,
  causes: endCauses,
  calls: {
    send: ({ it }) => it.send(frame),
    'send (a large frame)': ({ it }) => it.send(Buffer.alloc(LONGEST)),
    'send: a frame longer than `maxFrameLength`': ({ it }) => it.send(Buffer.alloc(LONGEST + 1)),
    'send: no frame': ({ it }) => it.send('text' as never),
    'send: with a signal that has aborted': ({ it }) => it.send(frame, { signal: AbortSignal.abort(REASON) }),
    'send: with what is no signal': ({ it }) => it.send(frame, { signal: 5 as never }),
    'send (a large frame, with a signal)': ({ it, controller: { signal } }) =>
      it.send(Buffer.alloc(LONGEST), { signal }),
    end: ({ it }) => it.end(),
    sendMany: ({ it }) => it.sendMany([frame, frame]),
    'sendMany: a frame longer than `maxFrameLength`': ({ it }) => it.sendMany([frame, Buffer.alloc(LONGEST + 1)]),
    'sendMany: no frame': ({ it }) => it.sendMany([frame, 'text' as never]),
    'sendMany: what is not iterable': ({ it }) => it.sendMany(5 as never),
  },
  rows: [
    {
      call: [...send, 'send (a large frame, with a signal)', 'end'],
      when: [
        'this side is closing the connection',
        'this side has closed the connection',
        'this side is destroying the connection',
        'this side has destroyed the connection',
      ],
      ...EPIPE,
      says: 'this side closed the connection',
    },
    {
      call: [...send, 'end'],
      when: 'this side has destroyed the connection, with an error',
      ...EPIPE,
      says: 'this side closed the connection',
      cause: REASON,
    },
    {
      call: [...send, 'end'],
      when: 'the peer did not read until the timeout of close',
      ...EPIPE,
      says: 'this side closed the connection',
      cause: { code: 'ETIMEDOUT' },
    },
    {
      call: [...send, 'end'],
      when: ['the peer has left', 'the peer has left, and did not read everything', 'the peer has left within a frame'],
      ...EPIPE,
      says: 'the peer has left',
    },
    { call: [...send, 'end'], syscall: 'write', ...AFTER_THAT },
    {
      call: 'end',
      when: 'the peer does not read, and `writeTimeout` is set',
      meanwhile: 'time runs out',
      ...EPIPE,
      says: 'the connection failed before everything was sent',
      cause: { code: 'ETIMEDOUT' },
    },
    {
      call: 'send (a large frame)',
      when: 'the peer does not read, and `writeTimeout` is set',
      meanwhile: 'time runs out',
      ...EPIPE,
      says: 'the connection has failed',
      cause: { code: 'ETIMEDOUT' },
    },
    { call: [...send], when: 'it only receives', ...EPIPE, says: "this end only receives: its direction is 'in'" },
    { call: [...send, 'end'], when: 'its stream was ended', ...EPIPE, says: 'sending was ended' },
    {
      call: ['send (a large frame)', 'send (a large frame, with a signal)'],
      when: ['the peer does not read', 'it only sends, and the peer does not read'],
      meanwhile: 'the peer leaves',
      ...EPIPE,
      says: 'the peer has left',
    },
    {
      call: [...send],
      when: 'the peer does not read',
      meanwhile: 'this side closes the connection',
      ...EPIPE,
      says: 'this side closed the connection',
    },
    {
      call: [...send],
      when: 'the peer does not read',
      meanwhile: 'this side destroys the connection with an error',
      ...EPIPE,
      says: 'this side closed the connection',
      cause: REASON,
    },
    { call: 'send: with a signal that has aborted', when: ['open', 'the peer does not read'], rejects: REASON },
    {
      call: 'send (a large frame, with a signal)',
      when: 'the peer does not read',
      meanwhile: 'the signal aborts',
      rejects: REASON,
    },
    {
      call: 'send: with what is no signal',
      when: 'open',
      code: 'EINVAL',
      says: 'signal must be an AbortSignal, not 5',
    },
    {
      call: 'end',
      when: 'it only receives',
      linux: { gives: true },
      windows: { gives: false },
      because: 'pipes of bytes have no half-close',
    },
    {
      call: ['send: a frame longer than `maxFrameLength`', 'sendMany: a frame longer than `maxFrameLength`'],
      when: 'open',
      code: 'ERR_FRAME_TOO_LARGE',
      syscall: 'write',
      says: /./,
    },
    {
      call: ['send: no frame', 'sendMany: no frame'],
      when: 'open',
      code: 'ERR_INVALID_ARG_TYPE',
      says: "The frame must be a Uint8Array. Received type string; to send strings, make the framing with { as: 'utf8' }",
    },
    {
      call: 'sendMany: what is not iterable',
      when: 'open',
      code: 'EINVAL',
      says: 'frames must be an iterable of frames, such as an array, not 5',
    },
    // The peer's frames are one direction, ours the other.
    {
      call: [...send],
      when: ['the peer has sent a frame longer than `maxFrameLength`', 'the peer has sent a malformed frame'],
      gives: undefined,
    },
  ],
});
