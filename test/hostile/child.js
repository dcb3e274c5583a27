// A process of the ordeal: told what to do, and asked for its figures, by lines of JSON.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export class Child {
  #process;
  #lines;
  #ended;

  /** Of a program in this folder, with one argument, on these processors as `taskset` has them, or on any. */
  constructor(program, argument, processors) {
    const file = fileURLToPath(new URL(program, import.meta.url));
    const args = ['--expose-gc', file, JSON.stringify(argument)];
    const [command, ...rest] = [...(processors ? ['taskset', '-c', processors] : []), process.execPath, ...args];
    this.#process = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = once(this.#process, 'exit');
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** Its next line; null: it has ended. */
  async next() {
    const { value, done } = await this.#lines.next();
    return done ? null : JSON.parse(value);
  }

  async ask(question) {
    this.#process.stdin.write(`${question}\n`);
    const answer = await this.next();
    if (answer === null) throw new Error(`a child has ended and did not answer "${question}"`);
    return answer;
  }

  /** It ends by itself: its exit code, or the signal that ended it. */
  async end() {
    this.#process.stdin.end();
    const [code, signal] = await this.#ended;
    return code ?? signal;
  }

  async kill() {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

/** In a child: answers each question by its name, until the parent asks no more. */
export async function answerWith(answers) {
  for await (const question of createInterface(process.stdin)) console.log(JSON.stringify(await answers[question]()));
}
