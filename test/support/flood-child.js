// node flood-child.js PATH BYTES CONNECTIONS : a peer by node:net that sends that much on each of its connections, as
// fast as it is let, in frames of 64 KiB with a 32-bit little-endian length, and then ends them.
// Prints what it has sent so far on all of them, a number a line, whenever that has stood still for a while.
import net from 'node:net';

const [path, bytes, connections] = process.argv.slice(2);
const frame = Buffer.alloc(65_536);
frame.writeUInt32LE(frame.length - 4);
let sent = 0;

function flood(socket) {
  let left = Number(bytes);
  const more = () => {
    while (left > 0) {
      left -= frame.length;
      if (!socket.write(frame, () => (sent += frame.length))) return socket.once('drain', more);
    }
    socket.end();
  };
  socket.on('error', () => {});
  more();
}

for (let i = 0; i < Number(connections); i++) flood(net.connect(path));

let before = -1;
let told = -1;
setInterval(() => {
  if (sent === before && sent !== told) console.log((told = sent));
  before = sent;
}, 300).unref();
