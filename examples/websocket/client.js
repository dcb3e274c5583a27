// What is typed goes to all other clients of the server, and what they type is printed.
//
//   node client.js [--pipe NAME]
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { connectDuplex } from 'framepipe';
import WebSocket from 'ws';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-ws' } } });

const socket = new WebSocket('ws://pipe/', {
  createConnection: () => connectDuplex(values.pipe, { waitForServer: true }),
});
socket.on('error', (error) => console.error(error.message));
socket.on('message', (message) => console.log(String(message)));
socket.once('open', () => {
  console.log('Connected.');
  const keyboard = createInterface({ input: process.stdin });
  keyboard.on('line', (line) => socket.send(line));
  keyboard.once('close', () => socket.close(1000));
});
socket.once('close', (code, reason) => {
  console.log(`Closed: ${code} ${reason}`);
  process.stdin.destroy();
});
