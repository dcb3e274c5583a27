// Listeners that throw, on a stream over a pipe and on a socket of node:net: prints what each process sees, as JSON.
import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { serveHttp } from '../../dist/http/index.js';
import { connect, framing, listen } from '../../dist/index.js';

const [, , what, name] = process.argv;
const log = [];
process.on('uncaughtException', (error) => log.push(`uncaughtException ${error.message}`));
process.on('unhandledRejection', (error) => log.push(`unhandledRejection ${error.message}`));
const raw = { framing: framing.raw() };
const until = async (seen) => {
  for (let i = 0; i < 500 && !seen(); i++) await pause(10);
};

async function stream(over) {
  const server = await listen(name, raw);
  const accepted = server[Symbol.asyncIterator]().next();
  const socket = over === 'net' ? net.connect(server.path) : (await connect(name, raw)).toDuplex();
  const { value: peer } = await accepted;
  const say = (event) => (value) => {
    log.push(`${event}${Buffer.isBuffer(value) ? ` ${value}` : ''}`);
    throw new Error(event);
  };
  for (const event of ['data', 'end']) socket.on(event, say(event));
  socket.write('asked', say('written'));
  await until(() => log.includes('written'));
  await peer.read();
  for (const word of ['one', 'two', 'three']) {
    await peer.send(Buffer.from(word));
    await until(() => log.includes(`data ${word}`));
  }
  await peer.close();
  await until(() => log.includes('uncaughtException end'));
  await server.close({ connections: true });
}

// 'error' that nobody listens for, and one whose listener throws: 'close' comes after both.
async function error(over) {
  const server = await listen(name, raw);
  for (const listens of [false, true]) {
    const socket = over === 'net' ? net.connect(server.path) : (await connect(name, raw)).toDuplex();
    if (over === 'net') await new Promise((resolve) => socket.once('connect', resolve));
    if (listens) {
      socket.on('error', () => {
        throw new Error('listener');
      });
    }
    let closed = false;
    socket.on('close', (hadError) => {
      closed = true;
      log.push(`close ${hadError}`);
    });
    socket.destroy(new Error('why'));
    await until(() => closed);
  }
  await server.close({ connections: true });
}

async function handler(over) {
  const answered = [];
  const app = http.createServer((request, response) => {
    if (request.url === '/throw') throw new Error('handler');
    response.end(request.url);
  });
  const served = over === 'net' ? undefined : await serveHttp(app, name);
  if (!served) await new Promise((resolve) => app.listen(`${name}`, resolve));
  const get = (path) =>
    new Promise((resolve) => {
      const request = http.get({ socketPath: served?.path ?? name, path, agent: false }, (response) => {
        response
          .setEncoding('utf8')
          .on('data', (text) => answered.push(text))
          .on('end', resolve);
      });
      request.on('error', resolve);
      if (path === '/throw') until(() => log.length > 0).then(() => request.destroy());
    });
  await get('/first');
  await get('/throw');
  await get('/last');
  log.push(...answered);
  app.closeAllConnections();
  await served?.close();
  app.close();
}

await { stream, error, handler }[what](process.argv[4]);
console.log(JSON.stringify(log));
process.exit();
