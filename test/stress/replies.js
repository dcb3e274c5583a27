// node test/stress/replies.js [--count 2000]: requests whose replies are as long as buffers are, or a byte more or less, so many of
// each length, and the next request goes from setImmediate(). No reply may stall, whoever is on the other side: framepipe,
// node:net, streams, messages. The server is in a Worker. Prints how many there were; ends with 1 when one hangs or is wrong.
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { connect, connectDuplex, framing, listen } from 'framepipe';
import { numbers, within } from './common.js';

const LENGTHS = [1024, 65_536, 262_144].flatMap((length) => [length - 1, length, length + 1]);
const framings = { raw: framing.raw(), frames: framing.lengthPrefix(), messages: framing.message() };
/** The most that Linux takes as one message, by default. */
const longest = (kind) => (kind === 'messages' && process.platform !== 'win32' ? 100_000 : Infinity);

/** Both ends, and what they speak. */
const kinds = [
  ['pipe', 'raw', 'pipe'],
  ['pipe', 'frames', 'pipe'],
  ['pipe', 'messages', 'pipe'],
  ['pipe', 'raw', 'net'],
  ['net', 'raw', 'pipe'],
  ['duplex', 'raw', 'net'],
  ['net', 'raw', 'duplex'],
];

/** The request is the length of its reply, four bytes long. */
const reply = (request) => Buffer.alloc(request.readUInt32LE(0), 'r');

const clients = {
  /** Whole replies, or pieces of them until the length has come. */
  pipe: async (name, kind) => {
    const pipe = await connect(name, { framing: framings[kind] });
    return {
      ask: (request) => void pipe.send(request),
      piece: () => pipe.read(),
      leave: () => pipe.close(),
    };
  },
  net: async (name) => streamed(net.connect(name)),
  duplex: async (name) => streamed(connectDuplex(name)),
};

async function streamed(stream) {
  await once(stream, 'connect');
  const iterator = stream[Symbol.asyncIterator]();
  return {
    ask: (request) => void stream.write(request),
    piece: async () => (await iterator.next()).value ?? null,
    leave: async () => void stream.destroy(),
  };
}

const servers = {
  pipe: async (name, kind) => {
    const server = await listen(name, { framing: framings[kind] });
    void server.serve(async (pipe) => {
      for await (const request of pipe) await pipe.send(reply(request));
    });
    return { path: server.path, close: () => server.close({ connections: true }) };
  },
  duplex: async (name) => {
    const server = await listen(name, { framing: framings.raw });
    void server.serve(async (pipe) => {
      const stream = pipe.toDuplex();
      stream.on('data', (request) => stream.write(reply(request))).on('error', () => {});
      await once(stream, 'close');
    });
    return { path: server.path, close: () => server.close({ connections: true }) };
  },
  net: async (name) => {
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : `/tmp/${name}`;
    const sockets = new Set();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('data', (request) => socket.write(reply(request))).on('error', () => {});
    });
    server.listen(path);
    await once(server, 'listening');
    const close = () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    };
    return { path, close };
  },
};

async function serving() {
  const { name, ends, kind } = workerData;
  const server = await servers[ends](name, kind);
  parentPort.postMessage(server.path);
  await once(parentPort, 'message');
  await server.close();
  parentPort.unref();
}

async function main() {
  const { count } = numbers({ count: 2000 });
  let replies = 0;
  for (const [i, [ends, kind, other]] of kinds.entries()) {
    const name = `framepipe-replies-${process.pid}-${i}`;
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { name, ends, kind } });
    const [path] = await within(once(worker, 'message'), 'the server');
    const client = await clients[other](path, kind);
    for (const length of LENGTHS.filter((one) => one <= longest(kind))) {
      const request = Buffer.alloc(4);
      request.writeUInt32LE(length);
      for (let j = 0; j < count; j++) {
        const what = () => `reply ${j} of ${length} bytes, ${ends} to ${other}, ${kind}: ${got} bytes came`;
        let got = 0;
        await new Promise((resolve) => setImmediate(resolve));
        client.ask(request);
        while (got < length) {
          const piece = await within(client.piece(), what);
          if (piece === null) throw new Error(`the end, ${what()}`);
          got += piece.length;
        }
        if (got !== length) throw new Error(`too much, ${what()}`);
        replies++;
      }
    }
    await within(client.leave(), `the end of ${ends} to ${other}, ${kind}`);
    worker.postMessage('close');
    await within(once(worker, 'exit'), 'the end of the Worker');
  }
  console.log(`${replies} replies, none stalled`);
}

await (isMainThread ? main() : serving());
