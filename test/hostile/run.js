#!/usr/bin/env node
// Polite clients among hostile ones, on a server with all its limits and on one with none: how long a round trip takes,
// and how much memory the server has. What has to hold, whatever the machine does, is checked; times are printed.
//   node test/hostile/run.js [--clients 1000] [--seconds 10] [--settings limits,none] [--apart]
// --apart: hostile clients have processors of their own (Linux, two or more), so that they take nothing but what the server
// gives them.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Child } from './child.js';

const MIB = 2 ** 20;
const POLITE = 8;
const SETTINGS = {
  limits: {
    backlog: 64,
    firstFrameTimeout: 2000,
    frameTimeout: 2000,
    idleTimeout: 5000,
    writeTimeout: 2000,
    highWaterMark: 65_536,
  },
  none: {},
};
/** How many of each kind, of so many clients; and as whom, where this process may be anybody. */
const ATTACKERS = [
  { kind: 'silent', share: 1, uid: 20_001 },
  { kind: 'slow', share: 1, uid: 20_002 },
  { kind: 'empty', share: 1 / 250, uid: 20_003 },
  { kind: 'deaf', share: 1 / 50, uid: 20_004 },
  { kind: 'many', share: 1, uid: 20_005 },
  { kind: 'begun', share: 1, uid: 20_006 },
];
const others = process.platform === 'linux' && process.getuid?.() === 0;

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    settings: { type: 'string', default: 'limits,none' },
    apart: { type: 'boolean', default: false },
  },
});
const clients = Number(values.clients);
const seconds = Number(values.seconds);

// The server and those who are polite have the first half.
const [ours, theirs] = values.apart ? halves(availableParallelism()) : [];
function halves(processors) {
  if (processors < 2) throw new Error('--apart: there is one processor');
  const half = Math.floor(processors / 2);
  return [`0-${half - 1}`, `${half}-${processors - 1}`];
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const number = (value, unit) => `${value === null ? '-' : value.toFixed(value < 10 ? 2 : 0)} ${unit}`;
const problems = [];
const must = (holds, what) => holds || problems.push(what);

for (const settings of values.settings.split(',')) {
  if (!SETTINGS[settings]) throw new Error(`--settings: ${Object.keys(SETTINGS).join(', ')}, and not ${settings}`);
  await ordeal(settings);
}
for (const problem of problems) console.log(`FAILED: ${problem}`);
console.log(problems.length > 0 ? 'not all holds' : 'all holds');
process.exitCode = problems.length > 0 ? 1 : 0;

async function ordeal(which) {
  const settings = { access: 'everyone', ...SETTINGS[which] };
  if (which === 'limits' && others) settings.maxPerUser = Math.ceil(clients / 2);
  console.log(`${which}: ${clients} clients of a kind, ${seconds} s${others ? '' : ', all of one user'}`);
  const server = new Child('server.js', { name: `framepipe-hostile-${process.pid}-${which}`, settings }, ours);
  const { path } = await server.next();
  const polite = new Child('polite.js', { name: path, count: POLITE }, ours);
  try {
    await phase(`${which}: nobody else`, server, polite);
    const before = await storm(`${which}: hostile clients`, path, server, polite);
    const after = await storm(`${which}: once more`, path, server, polite);
    check(which, before, after);
    await checkMemory(which, [before.memory, after.memory], () => storm(`${which}: once more`, path, server, polite));
    must((await polite.end()) === 0, `${which}: a polite client ends in good order`);
    must((await server.end()) === 0, `${which}: the server ends in good order`);
  } finally {
    await polite.kill();
    await server.kill();
  }
}

/** All of them for some seconds; then they are gone. */
async function storm(title, path, server, polite) {
  const attackers = ATTACKERS.map(({ kind, share, uid }) => {
    const count = Math.max(2, Math.ceil(clients * share));
    return new Child('attackers.js', { kind, path, count, ...(others && { uid }) }, theirs);
  });
  let figures;
  try {
    await Promise.all(attackers.map((attacker) => attacker.next()));
    figures = await phase(title, server, polite);
  } finally {
    await Promise.all(attackers.map((attacker) => attacker.kill()));
  }
  const open = await whenOnlyPoliteAreLeft(server);
  return { ...figures, ...(await server.ask('rest')), left: open };
}

async function phase(title, server, polite) {
  await polite.ask('figures');
  await server.ask('figures');
  await sleep(seconds * 1000);
  const trips = await polite.ask('figures');
  const figures = await server.ask('figures');
  const { memory } = await server.ask('rest');
  const ends = Object.entries(figures.ends).map(([why, count]) => `${count} ${why}`);
  console.log(
    `  ${title}: ${trips.trips} round trips, median ${number(trips.median, 'ms')}, 99 % ${number(trips.p99, 'ms')}, ` +
      `longest ${number(trips.longest, 'ms')}; server: up to ${figures.most} connections, ` +
      `${number(figures.peak / MIB, 'MiB')} at most, ${number(memory / MIB, 'MiB')} after a collection; ` +
      `refused ${figures.refused}; ended: ${ends.join(', ') || 'none'}`,
  );
  must(!trips.failed, `${title}: ${trips.failed}`);
  must(trips.trips > 0, `${title}: polite clients are served`);
  return { ...figures, memory };
}

async function whenOnlyPoliteAreLeft(server) {
  for (let i = 0; i < 200; i++) {
    const { open } = await server.ask('figures');
    if (open <= POLITE) return open;
    await sleep(50);
  }
  return (await server.ask('figures')).open;
}

/** What nobody's haste can change. */
function check(which, before, after) {
  must(after.left === POLITE, `${which}: those who have left are forgotten (${after.left} connections are left)`);
  must(
    after.descriptors <= before.descriptors,
    `${which}: ${before.descriptors} descriptors, then ${after.descriptors}`,
  );
  if (which !== 'limits') return;
  // Each connection holds the mark and a frame, each way, at the most.
  must(after.peak < 200 * MIB + clients * 40 * 1024, `${which}: ${number(after.peak / MIB, 'MiB')} of memory`);
  for (const [why, limit] of Object.entries(SETTINGS.limits))
    if (why.endsWith('Timeout') && seconds * 1000 > 1.5 * limit)
      must(before.ends[why] || after.ends[why], `${which}: ${why} ends somebody`);
  if (others) must(after.refused > 0, `${which}: a user has no more connections than it may`);
}

/** One storm may be heavier than the one before it. What leaks grows with each. */
async function checkMemory(which, memory, stormOnce) {
  const grows = () => memory.at(-1) - memory.at(-2) >= 32 * MIB;
  while (grows() && memory.length < 5) memory.push((await stormOnce()).memory);
  const all = memory.map((bytes) => number(bytes / MIB, 'MiB')).join(', ');
  must(!grows(), `${which}: memory grows with each storm: ${all}`);
}
