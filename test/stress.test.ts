// What only many repetitions show, shortly. The programs in stress/ take --count for the long ones, and say what they do.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isWindows } from './support/system.ts';

interface Came {
  code: number;
  said: string;
}

function run(program: string, ...args: string[]): Promise<Came> {
  const file = fileURLToPath(new URL(`stress/${program}.js`, import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
    );
  });
}

const minutes = { timeout: 180_000 };

it('a close that races with a client leaves neither hanging, and no handle', minutes, async () => {
  const { code, said } = await run('close-race', '--count', isWindows ? '50' : '150');
  expect(said).toMatch(/^\d+ rounds: (\d+ (connected|aborted|ENOENT|ECONNREFUSED|ETIMEDOUT)(, |; ))+0 handles left\n$/);
  expect(said).toMatch(/\d+ connected/);
  expect(code).toBe(0);
});

it('whoever connects, sends and goes, on a machine that is busy, loses nothing that was drained', minutes, async () => {
  const { code, said } = await run(
    'churn',
    ...(isWindows ? ['--count', '360', '--burners', '2'] : ['--count', '1800']),
  ); // Wine starts slowly
  expect(said).toMatch(/^\d+ connections: (120|600) drained and whole; .* 0 handles left, 0 wrong\n$/);
  expect(code).toBe(0);
});

it('a reply as long as a buffer does not stall, when the next request goes from setImmediate()', minutes, async () => {
  const { code, said } = await run('replies', '--count', isWindows ? '2' : '5');
  expect(said).toBe(`${isWindows ? 126 : 300} replies, none stalled\n`);
  expect(code).toBe(0);
});
