#!/usr/bin/env node
// Full load both ways between two processes for a long time: memory has to stay flat, and the event loop has to turn.
// framepipe and a rival take turns, so that what else the machine does hits both.
import { parseArgs } from 'node:util';
import { Pair } from './pair.js';
import { digits, median, table } from './report.js';
import { runUnderWine } from './wine.js';

const MIB = 2 ** 20;
const TURN = 5; // seconds of load before it is the next one's turn
const WARM = 2; // minutes of load after which memory shall not grow
const SIDES = ['server', 'client'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rival: { type: 'string', multiple: true, default: ['framepipe', 'net-tuned'] },
    rate: { type: 'string' },
    windows: { type: 'boolean', default: false },
    node: { type: 'string', default: '24' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(`node bench/soak.js [options]
  --minutes N    of load for each (10)
  --rival NAME   who takes turns; may be given several times (framepipe, net-tuned; net-naive, net-batched)
  --rate MB      per second and direction, the same for each; without: as much as it can
  --windows      on Linux: in Windows' Node, under Wine; --node VERSION: which (24)`);
} else if (values.windows) process.exitCode = runUnderWine(import.meta.url, values.node);
else await main();

async function main() {
  const minutes = Number(values.minutes);
  const rate = values.rate ? Number(values.rate) : undefined;
  const contestants = [];
  try {
    for (const rival of values.rival) contestants.push(await started(rival, rate));
    const turns = Math.ceil((minutes * 60) / TURN);
    for (let turn = 1; turn <= turns; turn++) {
      for (const one of contestants) await takeTurn(one);
      if (turn === Math.ceil((WARM * 60) / TURN)) for (const one of contestants) one.warm = await memory(one.pair);
      if (turn % Math.ceil(turns / 10) === 0) show((turn * TURN) / 60, contestants);
    }
    conclude(contestants);
  } finally {
    await Promise.all(contestants.map(({ pair }) => pair.close()));
  }
}

async function started(rival, rate) {
  const pair = new Pair('soak', { rate }, { rival });
  await pair.open();
  const idle = await both(pair, 'idle', 1);
  return { rival, pair, idle, start: await memory(pair), turns: [], sent: 0, seconds: 0 };
}

function both(pair, word, number) {
  return Promise.all(SIDES.map((side) => pair[side](word, number)));
}

async function memory(pair) {
  return (await both(pair, 'rss')).map(({ rss }) => rss / MIB);
}

async function takeTurn(one) {
  const began = performance.now();
  const sides = await both(one.pair, 'run', TURN);
  one.seconds += (performance.now() - began) / 1000;
  one.sent += sides.reduce((sum, { sent }) => sum + sent, 0);
  one.turns.push(sides);
  one.now = await memory(one.pair);
}

function show(minutes, contestants) {
  const each = contestants.map(({ rival, now }) => `${rival} ${now.map((mib) => mib.toFixed(0)).join(' + ')} MiB`);
  console.log(`after ${digits(minutes)} minutes each: ${each.join(', ')} (server + client)`);
}

function conclude(contestants) {
  const moments = ['at the start', `after ${WARM} min`, 'at the end'];
  const lines = [['', '', ...moments, 'late: half', '99 %', 'most', 'idle: half', '99 %', 'GB/s, both ways']];
  for (const one of contestants) {
    SIDES.forEach((side, i) => {
      const mib = [one.start, one.warm, one.now].map((moment) => (moment ? `${moment[i].toFixed(0)} MiB` : '–'));
      const late = ['p50', 'p99', 'max'].map((of) => median(one.turns.map((sides) => sides[i][of])));
      const ms = [...late, one.idle[i].p50, one.idle[i].p99].map((time) => `${digits(time)} ms`);
      lines.push([one.rival, side, ...mib, ...ms, digits(one.sent / 1e9 / one.seconds)]);
    });
  }
  console.log(`\nHow late the event loop was: medians of the turns of ${TURN} s.\n\n${table(lines)}`);
}
