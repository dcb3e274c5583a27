// What `npm run bench` takes.
import { parseArgs } from 'node:util';

export const usage = `npm run bench -- [options]
  --quick            under a minute: fewer and shorter rounds, no curves
  --only TEXT        only cases whose name contains TEXT ("64B", "round trip", "curve"); may be given several times
  --contestant TEXT  only contestants whose name contains TEXT; may be given several times
  --rounds N         rounds of each case (7; --quick: 3)
  --also DIR         measure the framepipe of another checkout, too, in the same rounds
  --extra            also zeromq (not on Windows), node-ipc and net-ipc, which are installed into node_modules/.cache
  --json FILE        write all figures of all rounds
  --plots DIR        draw ratios.svg and curves.svg; of several systems: node bench/plots.js FIGURES.json... DIR
  --syscalls         Linux: count system calls (strace) in one more round
  --node-args=ARGS   for the Node processes that are measured, e.g. --node-args="--cpu-prof --cpu-prof-dir=profiles"
  --windows          on Linux: the same in Windows' Node, under Wine (native/cross); --node VERSION: which (24)
  --list             the names of the cases`;

export function parse(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      contestant: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      also: { type: 'string', multiple: true, default: [] },
      extra: { type: 'boolean', default: false },
      json: { type: 'string' },
      plots: { type: 'string' },
      syscalls: { type: 'boolean', default: false },
      'node-args': { type: 'string', default: '' },
      windows: { type: 'boolean', default: false },
      node: { type: 'string', default: '24' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 7));
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error(`--rounds ${values.rounds}: a number from 1 up`);
  return {
    ...values,
    rounds,
    seconds: values.quick ? 0.12 : 0.4, // of a contestant's part in a round
    nodeArguments: values['node-args'].split(' ').filter(Boolean),
  };
}
