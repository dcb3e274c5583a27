// The calls that reach Windows, as Wine logs them: flags, security attributes and qualities of service.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { uniqueName, until } from './pipes.ts';

export interface Call {
  /** `CreateNamedPipeW`, without its module. */
  name: string;
  thread: string;
  /** Numbers, less what is above the 32 bits that most are; a string where Wine shows one. */
  arguments: (number | string)[];
  /** What it returned; undefined when it never returned. */
  result: number | undefined;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const library = new URL('../../dist/index.js', import.meta.url).href;

/**
 * Runs a module's code (with the library's functions, and `name`, at hand) in a Node of its own, and gives its calls
 * about pipes, in the order in which they began. What it prints must be `done` in the end.
 */
export async function traced(code: string, name = uniqueName()): Promise<Call[]> {
  const folder = `${root}node_modules\\.cache\\framepipe\\trace`;
  mkdirSync(folder, { recursive: true });
  const out = `${folder}\\${uniqueName()}`;
  const script = `import { connect, framing, listen } from ${JSON.stringify(library)};
    const name = ${JSON.stringify(name)};
    ${code}
    console.log('done');`;
  try {
    writeFileSync(`${out}.mjs`, script);
    // cmd.exe starts Unix programs, and does not wait for them.
    const shell = fileURLToPath(new URL('trace.sh', import.meta.url));
    spawnSync('cmd', ['/c', shell, out, process.execPath, `${out}.mjs`], { cwd: root });
    await until(() => existsSync(`${out}.code`), 'the traced script ends', 60_000);
    const ended = `${readFileSync(`${out}.code`, 'utf8').trim()} ${readFileSync(`${out}.stdout`, 'utf8').trim()}`;
    const log = readFileSync(out, 'latin1');
    if (ended !== '0 done') throw new Error(`the traced script ended with ${ended}\n${notCalls(log)}`);
    return callsOf(log);
  } finally {
    for (const ending of ['', '.mjs', '.stdout', '.code']) rmSync(out + ending, { force: true });
  }
}

const CALL = /^(?<thread>[0-9a-f]+):Call (?:\w+)\.(?<name>\w+)\((?<arguments>.*)\) ret=(?<to>[0-9a-f]+)/;
const RETURN = /^(?<thread>[0-9a-f]+):Ret +(?:\w+)\.(?<name>\w+)\(\) retval=(?<value>[0-9a-f]+) ret=(?<to>[0-9a-f]+)/;

/** The calls in Wine's log. */
export function callsOf(log: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, Call[]>();
  for (const line of log.split(/\r?\n/)) {
    const begun = CALL.exec(line)?.groups;
    const ended = RETURN.exec(line)?.groups;
    if (begun) {
      const call: Call = {
        name: begun.name!,
        thread: begun.thread!,
        arguments: argumentsOf(begun.arguments!),
        result: undefined,
      };
      const outer = open.get(call.thread) ?? [];
      if (outer.at(-1)?.name !== call.name) calls.push(call); // advapi32 hands some on to kernelbase, under the same name
      open.set(call.thread, [...outer, call]);
    } else if (ended) {
      const call = open.get(ended.thread!)?.pop();
      if (call?.name !== ended.name) throw new Error(`Wine's log makes no sense: ${line}`);
      call!.result = Number.parseInt(ended.value!, 16);
    }
  }
  return calls;
}

// Strings are shown behind their address, with C's escapes.
function argumentsOf(text: string): (number | string)[] {
  return [...text.matchAll(/([0-9a-f]+)(?: L?"((?:[^"\\]|\\.)*)")?(?:,|$)/g)].map(([, number, string]) =>
    string === undefined ? Number(BigInt.asUintN(32, BigInt(`0x${number}`))) : string.replace(/\\(.)/g, '$1'),
  );
}

const notCalls = (log: string) => log.replace(/^[0-9a-f]+:(?:Call|Ret) .*\n/gm, '').slice(-2000);

/** Those calls of a function whose first argument is the pipe's path. */
export function callsOn(calls: Call[], function_: string, path: string): Call[] {
  return calls.filter((call) => call.name === function_ && call.arguments[0] === path);
}
