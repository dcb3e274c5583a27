// A store of values behind a pipe, asked in lines of JSON: any language can be the client.
//
//   node server.js [--pipe NAME]
//   echo '{"get":"colour"}' | nc -U /tmp/CoreFxPipe_framepipe-store          (Linux)
import { parseArgs } from 'node:util';
import { framing, listen } from 'framepipe';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-store' } } });
const store = new Map();

const server = await listen(values.pipe, { framing: framing.lines({ as: 'json', maxFrameLength: 1 << 20 }) });
process.once('SIGINT', () => server.close({ connections: true }));
console.log(`Storing on ${server.path}.`);

await server.serve(
  async (client) => {
    for await (const { set, to, get } of client) {
      if (set !== undefined) store.set(set, to);
      await client.send(set !== undefined ? { ok: true } : { value: store.get(get) ?? null });
    }
  },
  // What is no JSON ends that client's connection, and nobody else's.
  { onError: (error, client) => console.error(`client ${client.id}: ${error.message}`) },
);
