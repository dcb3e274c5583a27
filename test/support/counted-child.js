// node counted-child.js SERVER NAME TRIPS: a server, and in a process of its own (SERVER `client`) one that asks it TRIPS
// times. A request of one byte is answered after a line on stderr, by which the calls in a log can be told apart.
import { writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { connect, listen } from 'framepipe';

const [role, path, trips] = process.argv.slice(2);

function mark(length) {
  if (length === 1) writeSync(2, 'mark\n');
}

const roles = {
  async framepipe() {
    const server = await listen(path);
    console.log('ready');
    for await (const client of server) {
      for await (const frame of client) {
        mark(frame.length);
        await client.send(frame);
      }
      process.exit();
    }
  },

  // One frame at a time arrives whole: as little as a server can do.
  net() {
    const server = createServer((socket) => {
      socket.on('data', (chunk) => {
        mark(chunk.length - 4);
        socket.write(chunk);
      });
      socket.on('close', () => process.exit());
    });
    server.listen(path, () => console.log('ready'));
  },

  async client() {
    const pipe = await connect(path, { waitForServer: true });
    const ask = async (size) => {
      await pipe.send(Buffer.alloc(size));
      await pipe.read();
    };
    for (let i = 0; i < 200; i++) await ask(64);
    await ask(1);
    for (let i = 0; i < Number(trips); i++) await ask(64);
    await ask(1);
    await pipe.close();
  },
};

await roles[role]();
