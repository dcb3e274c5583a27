// HTTP over a named pipe: no port, and nobody but you gets in. Node's own server, so Express and the like work, too.
//
//   node server.js [--pipe NAME]
//   curl --unix-socket /tmp/CoreFxPipe_framepipe-http http://pipe/hello         (Linux)
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { serveHttp } from 'framepipe/http';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-http' } } });

const http = createServer((request, response) => {
  if (request.method === 'POST') return request.pipe(response); // what comes in goes out
  const { peer } = request.socket.connection; // the system knows who asks: see also peerUser() and runAsClient()
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ hello: `process ${peer.pid}`, asked: request.url }));
});

const served = await serveHttp(http, values.pipe);
process.once('SIGINT', () => served.close()); // answers that are under way are finished first
console.log(`Serving HTTP on ${served.path}.`);
