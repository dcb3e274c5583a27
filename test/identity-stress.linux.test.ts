// That nothing is done under a wrong identity, whatever else goes on: shortly. `npm run stress:identity` is the long one.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isRoot, on } from './support/system.ts';

const program = fileURLToPath(new URL('stress/identity.js', import.meta.url));

function run(...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
    );
  });
}

on(isRoot, 'operations as 16 users, from three threads and two copies of the package', () => {
  it('are never done as somebody else', async () => {
    const { code, said } = await run('--rounds', '1600');
    expect(said).toMatch(/^\d{4,} right, \d+ could not be tried, 0 under a wrong identity\n$/);
    expect(code).toBe(0);
  }, 120_000);

  it('are found out when they are', async () => {
    const { code, said } = await run('--rounds', '25000', '--broken');
    expect(said).toMatch(/[1-9]\d* under a wrong identity/);
    expect(code).toBe(1);
  }, 120_000);
});
