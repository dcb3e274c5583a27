// What crosses between JavaScript and native code, each thing often enough for a use after release, a leak or an
// undefined operation to show under the sanitizers.
import assert from 'node:assert';
import { connect, encodeFrame, FrameDecoder, framing, listen } from 'framepipe';

const framings = {
  lengthPrefix: framing.lengthPrefix(),
  varint: framing.varint(),
  delimited: framing.delimited(Buffer.from('--')),
  lines: framing.lines(),
  contentLength: framing.contentLength(),
  message: framing.message(),
  streamString: framing.streamString(),
};

let count = 0;
async function pair(options) {
  const name = `framepipe-sanitize-${process.pid}-${count++}`;
  const server = await listen(name, options);
  const client = await connect(name, { ...options, impersonation: 'impersonation' });
  for await (const served of server) return { server, client, served };
}

async function close(...handles) {
  for (const handle of handles) await handle.close({ timeout: 1000 });
}

async function exchangeBatches(framing, frame) {
  const [{ server, client, served }, other] = [await pair({ framing }), await pair({ framing })];
  const second = await connect(server.path, { framing });
  for await (const _ of server) break;
  const frames = Array.from({ length: 40 }, (_, i) => frame([0, 100, 4096, 60_000][i % 4]));
  const broadcasting = (async () => {
    for (let i = 0; i < frames.length; i += 2) {
      assert.deepStrictEqual(server.broadcast(frames.slice(i, i + 2)), { sent: 2, skipped: 0 });
      await new Promise(setImmediate);
      while (served.queued > 100_000) await new Promise(setImmediate);
    }
  })();
  const forwarding = (async () => {
    let forwarded = 0;
    for await (const batch of client.batches({ reuse: true })) {
      forwarded += batch.length;
      await other.client.sendMany(batch);
      if (forwarded === frames.length) break;
    }
  })();
  for (const frame of frames) assert.strictEqual((await other.served.read()).length, frame.length);
  second.destroy(); // with much of it unread
  await Promise.all([broadcasting, forwarding]);
  await close(client, served, server, other.client, other.served, other.server);
}

for (const [name, framing] of Object.entries(framings)) {
  const frame = (size) => (name === 'streamString' ? 'x'.repeat(size / 2) : Buffer.alloc(size, 'x'));
  const sizes = [0, 2, 100, 4096, 60_000];

  // One by one, many at once, and in batches, in both directions.
  const { server, client, served } = await pair({ framing });
  for (const [from, to] of [
    [client, served],
    [served, client],
  ]) {
    for (const size of sizes) {
      await from.send(frame(size));
      assert.strictEqual((await to.read()).length, frame(size).length);
    }
    const sending = from.sendMany(Array.from({ length: 2000 }, (_, i) => frame((i % 50) * 2)));
    let received = 0;
    for await (const batch of to.batches()) {
      for (const got of batch) received += got.length >= 0 ? 1 : 0;
      if (received === 2000) break;
    }
    await sending;
  }
  await close(client, served, server);

  // To many, forwarded, and in memory that is used again; the last ones go on while those before are still on their way.
  await exchangeBatches(framing, frame);

  // Ended at once, with frames on their way in both directions and somebody waiting for each.
  for (let i = 0; i < 20; i++) {
    const { server, client, served } = await pair({ framing, highWaterMark: 8192 });
    const waiting = [
      client.read(),
      served.waitForDrain(),
      ...Array.from({ length: 20 }, () => [client.send(frame(4096)), served.send(frame(4096))]).flat(),
    ].map((promise) => promise.catch(() => {}));
    if (i % 2) await new Promise(setImmediate);
    (i % 3 ? client : served).destroy();
    await Promise.all(
      [client.closed, served.closed].map((promise, j) => (j === i % 2 ? undefined : promise.catch(() => {}))),
    );
    client.destroy();
    served.destroy();
    await Promise.all(waiting);
    await server.close();
  }

  // The codec by itself: whole, byte by byte, and bytes that are no frames.
  if (name !== 'message') {
    const wire = Buffer.concat(sizes.map((size) => encodeFrame(framing, frame(size))));
    assert.strictEqual(new FrameDecoder(framing).push(wire).length, sizes.length);
    const decoder = new FrameDecoder(framing);
    let frames = 0;
    for (const byte of wire.subarray(0, 5000)) frames += decoder.push(Buffer.of(byte)).length;
    assert(frames >= 3);
    for (let i = 0; i < 200; i++) {
      try {
        const decoder = new FrameDecoder(framing);
        decoder.push(Buffer.from(Array.from({ length: 50 }, (_, j) => (i * 31 + j * 17) % 256)));
        decoder.end();
      } catch {} // a PipeError, which other tests look at
    }
  }
}

// Acting as the client, in both ways.
const { server, client, served } = await pair();
await client.send(Buffer.from('x'));
await served.read();
for (let i = 0; i < 50; i++) {
  await served.runAsClient(async (as) => {
    await as.readFile(new URL(import.meta.url).pathname);
    await as.readdir('/');
    await as.stat('/');
    await assert.rejects(as.readFile('/nowhere/to/be/found'));
  });
  served.runAsClient(() => {}).catch(() => {});
}
await served.peerUser();
await close(client, served, server);

// Failures.
for (let i = 0; i < 20; i++) {
  await assert.rejects(connect(`framepipe-nobody-${process.pid}`));
  const controller = new AbortController();
  const waiting = connect(`framepipe-nobody-${process.pid}`, { waitForServer: true, signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
}
