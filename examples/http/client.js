// Asks the HTTP server on the pipe, with Node's own client: an Agent that opens pipes, and keeps them for more requests.
//
//   node client.js [PATH] [--pipe NAME]
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { connect, framing } from 'framepipe';

class PipeAgent extends Agent {
  createConnection({ socketPath }, done) {
    connect(socketPath, { framing: framing.raw() }).then((pipe) => done(null, pipe.toDuplex()), done);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pipe: { type: 'string', default: 'framepipe-http' } },
});
const agent = new PipeAgent({ keepAlive: true });

for (const path of [positionals[0] ?? '/hello', '/again']) {
  const response = await new Promise((resolve, reject) => {
    get({ agent, socketPath: values.pipe, path }, resolve).once('error', reject);
  });
  console.log(response.statusCode, await text(response));
}
agent.destroy(); // closes the pipe that it kept
