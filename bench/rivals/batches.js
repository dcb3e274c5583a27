// Frames sent through node:net in batches of 64 KiB, filled by hand; large ones as they are.
import { once } from 'node:events';

const BATCH = 64 * 1024;

export function putLength(bytes, at, length) {
  bytes[at] = length;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length >>> 16;
  bytes[at + 3] = length >>> 24;
}

export async function pour(socket, frame, count) {
  if (frame.length + 4 > BATCH / 2) return pourLarge(socket, frame, count);
  while (count > 0) {
    const batch = Buffer.allocUnsafeSlow(BATCH);
    let filled = 0;
    for (; count > 0 && filled + 4 + frame.length <= BATCH; count--) {
      putLength(batch, filled, frame.length);
      batch.set(frame, filled + 4);
      filled += 4 + frame.length;
    }
    if (!socket.write(batch.subarray(0, filled))) await once(socket, 'drain');
  }
}

async function pourLarge(socket, frame, count) {
  for (let i = 0; i < count; i++) {
    if (!write(socket, frame)) await once(socket, 'drain');
  }
}

// One system call for both, and no copy of the frame.
function write(socket, frame) {
  const header = Buffer.allocUnsafe(4);
  putLength(header, 0, frame.length);
  socket.cork();
  socket.write(header);
  const more = socket.write(frame);
  socket.uncork();
  return more;
}
