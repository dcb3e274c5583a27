// Asks the HTTP server on the pipe, with Node's own client: its agent opens pipes, and keeps them for more requests.
//
//   node client.js [PATH] [--pipe NAME]
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { PipeAgent } from 'framepipe/http';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pipe: { type: 'string', default: 'framepipe-http' } },
});
const agent = new PipeAgent(values.pipe);

for (const path of [positionals[0] ?? '/hello', '/again']) {
  const response = await new Promise((resolve, reject) => {
    get({ agent, path }, resolve).once('error', reject);
  });
  console.log(response.statusCode, await text(response));
}
agent.destroy(); // closes the pipe that it kept
