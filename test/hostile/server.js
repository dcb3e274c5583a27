// An echo, as the README has it, with the settings that it is given; it watches its own memory.
import { readdirSync } from 'node:fs';
import { listen } from 'framepipe';
import { answerWith } from './child.js';

const { name, settings } = JSON.parse(process.argv[2]);
const server = await listen(name, settings);
/** How many handlers have ended because of what. */
const ends = {};
let most = 0;
let peak = 0;

const count = ({ option, code }) => {
  const why = option ?? code;
  ends[why] = (ends[why] ?? 0) + 1;
};

const served = server.serve(
  async (client) => {
    client.closed.catch(count);
    for await (const frame of client) await client.send(frame);
  },
  { onError: () => {} },
);

const look = () => {
  peak = Math.max(peak, process.memoryUsage.rss());
  most = Math.max(most, server.connections);
};
setInterval(look, 50).unref();

console.log(JSON.stringify({ path: server.path }));
await answerWith({
  /** Since the last time. */
  figures() {
    look();
    const figures = { peak, most, ends: { ...ends }, open: server.connections, refused: server.stats().refused ?? 0 };
    peak = most = 0;
    for (const why of Object.keys(ends)) delete ends[why];
    return figures;
  },
  /** What stays when there is nothing to do. */
  async rest() {
    for (let i = 0; i < 3; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return {
      memory: process.memoryUsage.rss(),
      descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    };
  },
});
await server.close({ connections: true });
await served;
