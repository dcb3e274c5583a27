// A JSON-RPC 2.0 server, framed like the Language Server Protocol: messages are objects, both ways.
//
//   node server.js [--pipe NAME]
import { parseArgs } from 'node:util';
import { framing, listen } from 'framepipe';

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-rpc' } } });

const methods = {
  add: (_client, a, b) => a + b,
  async countdown(client, from) {
    for (let left = from; left > 0; left--) {
      await client.send({ jsonrpc: '2.0', method: 'left', params: [left] }); // a notification, while it works
    }
    return 'lift-off';
  },
};

const server = await listen(values.pipe, { framing: framing.contentLength({ as: 'json' }) });
process.once('SIGINT', () => server.close({ connections: true }));
console.log(`Serving JSON-RPC on ${server.path}.`);

await server.serve(async (client) => {
  for await (const request of client) {
    answer(client, request).catch((error) => console.error(error.message)); // the next one need not wait
  }
});

async function answer(client, { id, method, params = [] }) {
  const response = { jsonrpc: '2.0', id };
  try {
    if (Object.hasOwn(methods, method)) response.result = await methods[method](client, ...params);
    else response.error = { code: METHOD_NOT_FOUND, message: `no such method: ${method}` };
  } catch (error) {
    response.error = { code: INTERNAL_ERROR, message: error.message };
  }
  if (id !== undefined) await client.send(response); // a notification has no id, and no answer
}
