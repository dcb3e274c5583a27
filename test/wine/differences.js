// What Wine's own tests of pipes expect of Windows, and what does not hold in the rig's Wine: the lines of the tests (their
// source is in the rig, wine-tests/), and why each is as it is. What fails and is not here, or holds and is here, fails the
// phase `wine`.

/** @type {Record<'kernel32' | 'ntdll', { lines: number[], why: string }[]>} */
export const differences = {
  kernel32: [
    { lines: [2457], why: 'GetNamedPipeHandleState tells collection counts of a local pipe. framepipe asks for none' },
    {
      lines: [3476, 3491, 3633],
      why: 'no room for a process or session id is another error code. framepipe always gives room',
    },
    {
      lines: [3522, 3523, 3532, 3533, 3537, 3538],
      why: 'after DisconnectNamedPipe Wine still tells both process ids. framepipe asks once, when the client is there',
    },
    { lines: [3665, 3666, 3675, 3676, 3680, 3681], why: 'the same of session ids' },
    {
      lines: [4038, 4040, 4042, 4044],
      why: 'PIPE_NOWAIT: a message that does not fit into the quota is written in part. framepipe never uses PIPE_NOWAIT',
    },
  ],
  ntdll: [
    {
      lines: [417, 840, 917],
      why: 'as on Windows since 8.1 (the tests call it broken): an instance that can neither read nor write admits nobody',
    },
    {
      lines: [494, 508],
      why: 'an alerted FSCTL_PIPE_LISTEN is not cancelled. framepipe listens with overlapped calls',
    },
    { lines: [1797], why: 'a synchronous handle is not signalled behind a read with an event. framepipe has none' },
    { lines: [2133], why: 'FileStandardInformation says nothing of DeletePending. framepipe does not ask' },
    { lines: [2153], why: 'a client whose server has gone is not told the name of its pipe. framepipe knows it' },
    { lines: [2346], why: 'WriteQuotaAvailable is always 0. framepipe does not ask' },
    { lines: [2438], why: 'the device itself has no file name, by another error code' },
    {
      lines: [2578, 2579],
      why: 'a pipe made without a descriptor has none, and so no group. framepipe gives each pipe its own',
    },
    {
      lines: [2691, 2695, 2704, 2713, 2722, 2790, 2811, 2844, 2959],
      why: 'empty names, and calls on \\Device\\NamedPipe itself, fail with other codes. framepipe opens pipes by name',
    },
    {
      lines: [3101],
      why: 'the status of a read is set when another process has its handle, before its completion is taken. framepipe reads it then',
    },
  ],
};
