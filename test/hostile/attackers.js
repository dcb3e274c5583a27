// Clients that nobody wants, on plain sockets: silent, slow, flooding, deaf or many. Whoever is cut off comes again.
import { connect } from 'node:net';

const { kind, path, count, uid } = JSON.parse(process.argv[2]);
if (uid) {
  process.setgid(uid);
  process.setuid(uid);
}

const AGAIN = 500; // ms
const frame = (length) => {
  const bytes = Buffer.alloc(4 + length, 7);
  bytes.writeUInt32LE(length);
  return bytes;
};
const many = (bytes, about) => Buffer.concat(Array.from({ length: Math.ceil(about / bytes.length) }, () => bytes));

const long = frame(1 << 20);

/** What each kind does with a socket that is connected. */
const kinds = {
  silent() {},
  /** A frame of 1 MiB, a byte a second. */
  slow(socket) {
    let at = 0;
    const timer = setInterval(() => socket.write(long.subarray(at, ++at)), 1000);
    socket.once('close', () => clearInterval(timer));
  },
  /** One whole frame in time, and then of the next one a byte a second. */
  begun(socket) {
    socket.write(frame(10));
    kinds.slow(socket);
  },
  /** Empty frames, as many as go; and it takes what comes back. */
  empty: (socket) => pour(socket, many(frame(0), 65_536)),
  /** Frames of 1,000 bytes, as many as go; and it takes nothing of what comes back. */
  deaf(socket) {
    socket.pause();
    pour(socket, many(frame(1000), 65_536));
  },
  /** One whole frame, and then it is there for good. */
  many: (socket) => socket.write(frame(10)),
};

function pour(socket, bytes) {
  const go = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', go);
  go();
}

function attack() {
  const socket = connect(path);
  socket.on('error', () => {});
  socket.on('connect', () => kinds[kind](socket));
  socket.on('close', () => setTimeout(attack, AGAIN * (1 + Math.random())));
  // A pause is for deaf ones alone: the others notice the end only when they read.
  if (kind !== 'deaf') socket.resume();
}

for (let i = 0; i < count; i++) attack();
process.stdin.on('end', () => process.exit()).resume();
console.log('{}');
