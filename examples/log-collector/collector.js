// Collects the log lines of many processes in one file, and begins a new one when that is full. No line is lost: while
// the disk is slow the writers wait, and whoever is writing when the collector stops is told, and finishes first.
//
//   node collector.js [--pipe NAME] [--file FILE] [--max BYTES]
import { existsSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { framing, listen } from 'framepipe';

const { values } = parseArgs({
  options: {
    pipe: { type: 'string', default: 'framepipe-log' },
    file: { type: 'string', default: 'collected.log' },
    max: { type: 'string', default: '10000000' },
  },
});

/** Appends to FILE; full ones are renamed to FILE.1, FILE.2, … in their order, behind those that are there already. */
class RotatingFile {
  full = 0;
  #number = 0;
  #file;
  #length = 0;
  #done = Promise.resolve();

  /** Resolves when the system has it: writers take turns. */
  append(text) {
    const written = this.#done.then(() => this.#append(Buffer.from(text)));
    this.#done = written.catch(() => {}); // is its writer's failure, and not the next one's
    return written;
  }

  async #append(bytes) {
    if (this.#length > 0 && this.#length + bytes.length > Number(values.max)) {
      await this.close();
      do this.#number++;
      while (existsSync(`${values.file}.${this.#number}`));
      await rename(values.file, `${values.file}.${this.#number}`);
      this.full++;
    }
    this.#file ??= await open(values.file, 'a');
    this.#length ||= (await this.#file.stat()).size;
    await this.#file.appendFile(bytes);
    this.#length += bytes.length;
  }

  async close() {
    await this.#file?.close();
    this.#file = undefined;
    this.#length = 0;
  }
}

const log = new RotatingFile();
let lines = 0;
let stopping = false;

const server = await listen(values.pipe, {
  framing: framing.lines({ as: 'utf8', maxFrameLength: 65_536 }),
  highWaterMark: 65_536, // of each writer: what is read ahead of the disk
});
console.log(`Collecting on ${server.path}. Ctrl+C or the end of input ends.`);
process.once('SIGINT', stop);
process.stdin.resume().once('end', stop);

await server.serve(async (writer) => {
  if (stopping) await writer.send('stop'); // it came at the last moment
  for await (const batch of writer.batches()) {
    // Meanwhile nothing more is read, and so the writer's send() waits.
    await log.append(Array.from(batch, (line) => `${writer.peer.pid} ${line}\n`).join(''));
    lines += batch.length;
  }
});
await log.close();
console.log(`${lines} lines, in ${log.full + 1} files.`);
process.stdin.destroy();

function stop() {
  stopping = true;
  for (const writer of server.clients) writer.send('stop').catch(() => {}); // it has gone by itself
  server.close(); // and with it the iteration of serve(), when the last writer has finished
}
