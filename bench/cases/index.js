// What is measured.
const KIB = 1024;

export const cases = [
  { name: '64B one way', work: 'one-way', options: { size: 64 } },
  { name: '64KiB one way', work: 'one-way', options: { size: 64 * KIB } },
  { name: '1MiB one way', work: 'one-way', options: { size: KIB * KIB } },
  { name: '64B round trip, 1 connection', work: 'round-trip', options: { size: 64, connections: 1 } },
  { name: '64B round trip, 32 connections', work: 'round-trip', options: { size: 64, connections: 32 } },
  { name: '256 clients at once', work: 'storm', options: { size: 64, clients: 256 } },
  { name: '1000 idle connections', work: 'idle', options: { size: 64, connections: 1000 } },
];
