// What is measured. `descriptors`: how many a process must be able to open. `points`: a curve, see curve.js.
const KIB = 1024;
const CONNECTIONS = [1, 2, 4, 8, 16, 64, 256, 1000];

export const cases = [
  { name: '64B one way', work: 'one-way', options: { size: 64 } },
  { name: '1KiB one way', work: 'one-way', options: { size: KIB } },
  { name: '64KiB one way', work: 'one-way', options: { size: 64 * KIB } },
  { name: '1MiB one way', work: 'one-way', options: { size: KIB * KIB } },
  { name: '64B round trip, 1 connection', work: 'round-trip', options: { size: 64, connections: 1 } },
  { name: '64KiB round trip, 1 connection', work: 'round-trip', options: { size: 64 * KIB, connections: 1 } },
  { name: '64B round trip, 32 connections', work: 'round-trip', options: { size: 64, connections: 32 } },
  { name: '64B round trip, 256 connections', work: 'round-trip', options: { size: 64, connections: 256 } },
  { name: '256 clients at once', work: 'storm', options: { size: 64, clients: 256 } },
  { name: '64B relay', work: 'relay', options: { size: 64 } },
  { name: 'broadcast of 1KiB to 50', work: 'broadcast', options: { size: KIB, subscribers: 50 } },
  { name: '1000 idle connections', work: 'idle', options: { size: 64, connections: 1000 }, descriptors: 1100 },
  { name: '4000 idle connections', work: 'idle', options: { size: 64, connections: 4000 }, descriptors: 4100 },
  { name: 'curve: 64B round trips/s', work: 'round-trip', options: { size: 64, curve: true }, points: CONNECTIONS },
  { name: 'curve: 64B one way, M frames/s', work: 'one-way', options: { size: 64, curve: true }, points: CONNECTIONS },
];
