// HTTP/2 over a named pipe: many requests at once on one connection, each with its own flow control. Node's own server.
//
//   node server.js [--pipe NAME]
//   curl --http2-prior-knowledge --unix-socket /tmp/CoreFxPipe_framepipe-http2 http://pipe/hello         (Linux)
import { createServer } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { serveHttp } from 'framepipe/http';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-http2' } } });

const http2 = createServer(async (request, response) => {
  if (request.method === 'POST') return request.pipe(response); // what comes in goes out
  const { peer } = request.socket.connection; // the system knows who asks: see also peerUser() and runAsClient()
  if (request.url === '/countdown') {
    for (let left = 3; left > 0; left--) {
      response.write(`${left}\n`);
      await pause(100);
    }
    return response.end('lift-off\n');
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ hello: `process ${peer.pid}`, asked: request.url }));
});

const served = await serveHttp(http2, values.pipe);
console.log(`Serving HTTP/2 on ${served.path}. Ctrl+C or the end of input ends.`);
process.once('SIGINT', stop);
process.stdin.resume().once('end', stop);

// GOAWAY: clients ask nothing more, and what was asked is answered.
async function stop() {
  await served.close({ timeout: Infinity });
  console.log('All is answered.');
  process.stdin.destroy();
}
