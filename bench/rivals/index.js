// Rivals that are packages, and take part with --extra only. Those that carry JSON are not made for large frames.
const JSON_FRAMES = [64, 64 * 1024];

export const extras = ({ size }) =>
  [
    { name: 'zeromq', rival: 'zeromq', notOn: 'win32' },
    { name: 'node-ipc', rival: 'node-ipc', sizes: JSON_FRAMES },
    { name: 'net-ipc', rival: 'net-ipc', sizes: JSON_FRAMES },
  ]
    .filter(({ sizes }) => sizes === undefined || sizes.includes(size))
    .map((one) => ({ ...one, extra: true }));
