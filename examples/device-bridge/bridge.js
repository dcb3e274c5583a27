// A bridge to a device that only one process can open: what it measures goes to all who subscribe, encoded once. Each
// says first what is to become of it when it does not keep up: 'skip' leaves it out until it does (a display), 'close' ends it,
// so that it never misses a line unknowingly (a recorder). Nobody makes the bridge, or another subscriber, wait.
//
//   DEVICE | node bridge.js [--pipe NAME]         DEVICE: a program that prints lines, such as cat /dev/ttyUSB0
import { parseArgs } from 'node:util';
import { FrameDecoder, framing, listen } from 'framepipe';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-device' } } });

const lines = framing.lines({ as: 'utf8', maxFrameLength: 65_536 });
const subscribers = { skip: new Set(), close: new Set() };
let skipped = 0;

const server = await listen(values.pipe, {
  framing: lines,
  highWaterMark: 262_144, // how far each subscriber may be behind, in bytes
  firstFrameTimeout: 10_000,
});
console.log(`Serving the device on ${server.path} until it ends.`);

const serving = server.serve(subscribe, {
  onError: (error, client) => console.error(`process ${client.peer.pid}: ${error.code}`),
});

const decoder = new FrameDecoder(lines);
for await (const bytes of process.stdin) {
  const measured = decoder.push(bytes);
  for (const behind of ['skip', 'close'])
    skipped += server.broadcast(measured, { to: subscribers[behind], behind }).skipped;
}
const queued = Math.max(0, ...server.clients.map((client) => client.queued));
console.log(
  `The device has ended, with ${server.connections} subscribers. Skipped: ${skipped}. Longest queue: ${queued} bytes.`,
);
await server.close({ connections: true, timeout: 1_000 }).catch((error) => console.error(error.code)); // who never reads
await serving;

async function subscribe(client) {
  const behind = await client.read();
  if (!Object.hasOwn(subscribers, behind)) return;
  subscribers[behind].add(client);
  await client.send('subscribed');
  try {
    while ((await client.read()) !== null); // until it leaves; one could take commands for the device here
  } finally {
    subscribers[behind].delete(client);
  }
}
