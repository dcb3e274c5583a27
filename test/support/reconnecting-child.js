// Connects again and again, by itself: says how often it has. `unref`: without staying alive for that.
import { reconnect } from 'framepipe';

const [name, how] = process.argv.slice(2);
const connections = reconnect(name, { backoff: { min: 10, max: 10 } });
if (how === 'unref') connections.unref();

void (async () => {
  for await (const pipe of connections) {
    console.log('connected');
    for await (const frame of pipe) if (String(frame) === 'leave') return;
  }
})();
console.log('waiting');
