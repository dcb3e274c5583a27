// One side of one contestant, in a process of its own: does what the lines on its standard input say (`word` or
// `word number`), and answers each with a line of JSON.
//   node bench/side.js RIVAL WORK server|client PATH OPTIONS
import { createInterface } from 'node:readline';

const [rivalName, workName, role, path, options] = process.argv.slice(2);
const rival = await import(`./rivals/${rivalName}.js`);
const work = await import(`./cases/${workName}.js`);

const commands = {
  ...work[role](rival, path, JSON.parse(options)),
  cpu() {
    const { user, system } = process.cpuUsage();
    return { cpu: (user + system) / 1e6 };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [word, number] = line.split(' ');
  const result = await commands[word](Number(number));
  process.stdout.write(`${JSON.stringify(result ?? {})}\n`);
}
process.exit(0); // the driver is gone: nobody waits for what is still open
