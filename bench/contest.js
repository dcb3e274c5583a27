// One case: its contestants take turns, round after round, each in processes that stay.
import { Pair } from './pair.js';

const LONGEST_START = 4; // doublings that reach a stable speed, and the time that a part shall take

/** Resolves to the figures of each round by contestant's name. `entry.count`: this much work, however long it takes. */
export async function contest(entry, work, contestants, options, progress) {
  const results = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  const running = [];
  try {
    for (const contestant of contestants) {
      progress(`${contestant.name}: warming up`);
      running.push(await started(entry, work, contestant, options));
    }
    for (let round = 0; round < options.rounds; round++) {
      // Another one begins each time: whoever follows a busy one has no lasting disadvantage.
      for (let turn = 0; turn < running.length; turn++) {
        const one = running[(turn + round) % running.length];
        progress(`round ${round + 1} of ${options.rounds}: ${one.contestant.name}`);
        results[one.contestant.name].push(await oneRound(one, entry, work, options));
      }
    }
    return { results, counted: await options.count?.(running, entry, work) };
  } finally {
    await Promise.all(running.map(({ pair }) => pair?.close()));
  }
}

async function started(entry, work, contestant, options) {
  if (work.fresh) return { contestant };
  const pair = new Pair(entry.work, entry.options, contestant, options.nodeArguments);
  await pair.open();
  if (entry.count) {
    await work.round(pair, entry.count, entry.options);
    return { contestant, pair, count: entry.count };
  }
  const step = work.step?.(entry.options) ?? 1;
  let count = work.start(entry.options);
  for (let i = 0; i < LONGEST_START; i++) {
    const { seconds } = await work.round(pair, count, entry.options);
    const wanted = Math.max(1, Math.ceil(((count / seconds) * options.seconds) / step)) * step;
    // A first run is slow: it says too little about the time that more would take.
    count = i === LONGEST_START - 1 ? wanted : Math.min(wanted, count * 4);
  }
  return { contestant, pair, count };
}

async function oneRound({ contestant, pair, count }, entry, work, options) {
  if (!work.fresh) return await work.round(pair, count, entry.options);
  const own = new Pair(entry.work, entry.options, contestant, options.nodeArguments);
  try {
    await own.open();
    return await work.round(own, count, entry.options);
  } finally {
    await own.close();
  }
}
