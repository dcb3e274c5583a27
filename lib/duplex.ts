import { Duplex } from 'node:stream';
import type { PipeConnection } from './connection.ts';

/**
 * A Node stream over a connection: each chunk that is written is sent as a frame, each frame that arrives is read as
 * a chunk. Reads pull, so backpressure reaches the peer; `end()` closes the connection when everything has gone out.
 */
export function duplexOf(connection: PipeConnection<Buffer>): Duplex {
  const iterator = connection.batches();
  const stream = new Duplex({
    allowHalfOpen: true,
    read() {
      iterator.next().then(
        ({ done, value }) => {
          if (done) this.push(null);
          else for (const frame of value) this.push(frame);
        },
        (error) => this.destroy(error),
      );
    },
    write(chunk: Buffer, _encoding, callback) {
      connection.send(chunk).then(() => callback(), callback);
    },
    writev(chunks, callback) {
      connection.sendMany(chunks.map(({ chunk }) => chunk as Buffer)).then(() => callback(), callback);
    },
    final(callback) {
      connection.close().then(() => callback(), callback);
    },
    destroy(error, callback) {
      connection.destroy(error ?? undefined);
      callback(error);
    },
  });
  connection.closed.catch((error) => stream.destroy(error));
  return stream;
}
