// Runs a script of the benchmark once more, in Windows' Node under Wine.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Its exit code. `--windows` and `--node VERSION` are for here, and not handed on. */
export function runUnderWine(script, node) {
  const handedOn = process.argv.slice(2).filter((argument, i, all) => {
    return argument !== '--windows' && argument !== '--node' && all[i - 1] !== '--node';
  });
  const winnode = fileURLToPath(new URL('../native/cross/winnode', import.meta.url));
  return spawnSync(winnode, ['-v', node, fileURLToPath(script), ...handedOn], { stdio: 'inherit' }).status ?? 1;
}
