// The two processes of one contestant: a server and a client of the same kind.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rawProgram } from './raw.js';

const bench = fileURLToPath(new URL('.', import.meta.url));
const ANSWER_WITHIN = 60_000;
let pairs = 0;

export class Pair {
  #path;
  #server;
  #client;

  constructor(work, options, contestant, nodeArguments = []) {
    const name = `framepipe-bench-${process.pid}-${++pairs}`;
    this.#path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
    const start = (role) => {
      if (contestant.rival === 'raw') return new Side(rawProgram, [work, role, this.#path, String(options.size)]);
      const settings = JSON.stringify({ ...options, how: contestant.how });
      const args = [
        '--expose-gc',
        ...nodeArguments,
        `${bench}side.js`,
        contestant.rival,
        work,
        role,
        this.#path,
        settings,
      ];
      return new Side(process.execPath, args, contestant.checkout && { FRAMEPIPE_BENCH_DIR: contestant.checkout });
    };
    this.#server = start('server');
    this.#client = start('client');
  }

  async open() {
    await this.server('open');
    await this.client('open');
  }

  server(word, number) {
    return this.#server.tell(word, number);
  }

  client(word, number) {
    return this.#client.tell(word, number);
  }

  get pids() {
    return { server: this.#server.pid, client: this.#client.pid };
  }

  /** CPU seconds of both processes so far. */
  async cpu() {
    const [server, client] = await Promise.all([this.server('cpu'), this.client('cpu')]);
    return server.cpu + client.cpu;
  }

  async close() {
    await Promise.all([this.#client.close(), this.#server.close()]);
    if (process.platform !== 'win32') rmSync(this.#path, { force: true });
  }
}

class Side {
  #process;
  #lines;
  #ended;

  constructor(command, args, env) {
    this.#process = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
      cwd: bench,
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve, reject) => {
      this.#process.on('exit', resolve);
      this.#process.on('error', reject);
    });
    this.#process.stdin.on('error', () => {}); // it has ended: the answer that does not come says so
  }

  get pid() {
    return this.#process.pid;
  }

  /** Says a word, and resolves to the answer. One at a time. */
  async tell(word, number) {
    this.#process.stdin.write(number === undefined ? `${word}\n` : `${word} ${number}\n`);
    const limit = setTimeout(() => this.#process.kill(), ANSWER_WITHIN);
    const { value, done } = await this.#lines.next();
    clearTimeout(limit);
    if (done) throw new Error(`${this.#process.spawnargs.slice(1, 7).join(' ')}: ended during "${word}"`);
    return JSON.parse(value);
  }

  async close() {
    this.#process.stdin.end();
    const limit = setTimeout(() => this.#process.kill('SIGKILL'), 3000);
    await this.#ended;
    clearTimeout(limit);
  }
}
