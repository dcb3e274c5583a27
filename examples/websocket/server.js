// WebSockets over a named pipe: what one client says, all others hear; and plain HTTP on the same pipe. npm install ws
//
//   node server.js [--pipe NAME]
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { serveHttp } from 'framepipe/http';
import { WebSocketServer } from 'ws';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-ws' } } });

const http = createServer((_request, response) => response.end(`${sockets.clients.size} are listening\n`));
const sockets = new WebSocketServer({ server: http });

sockets.on('connection', (socket, { socket: stream }) => {
  console.log(`process ${stream.connection.peer.pid} came`);
  socket.on('message', (message) => {
    for (const client of sockets.clients) if (client !== socket) client.send(String(message));
  });
  socket.on('error', (error) => console.error(error.message));
  socket.once('close', (code) => console.log(`process ${stream.connection.peer.pid} left (${code})`));
});

const served = await serveHttp(http, values.pipe);
console.log(`Serving WebSockets on ${served.path}. Ctrl+C or the end of input ends.`);
process.once('SIGINT', stop);
process.stdin.resume().once('end', stop);

// Upgraded connections are ours to close: with the handshake that says why.
async function stop() {
  for (const client of sockets.clients) client.close(1001, 'the server ends');
  await served.close();
  console.log('All have left.');
  process.stdin.destroy();
}
