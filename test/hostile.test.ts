// Polite clients among hostile ones, for a short while. For longer, with a thousand of each kind: node test/hostile/run.js
import { expect, it } from 'vitest';
import { root, start } from './support/programs.ts';
import { isWindows } from './support/system.ts';

it('a server lives through hostile clients, with limits and without, and serves the polite ones', async () => {
  const clients = isWindows ? '12' : '40';
  const ordeal = start('test/hostile/run.js', ['--clients', clients, '--seconds', '5'], { cwd: root });
  expect(await ordeal.ended, ordeal.output).toBe(0);
  expect(ordeal.output).toContain('all holds');
}, 180_000);
