// Wine's own tests of pipes, on the Wine whose pipes we have patched. They were run on Windows by those who wrote them, and
// are the only witness of Windows that there is here.
import { differences } from '../wine/differences.js';
import { run } from './command.js';

/** Each program is a test, and so is each line of the list in test/wine/differences.js. */
export async function wineTests(rig, env) {
  const count = { passed: 0, failed: 0 };
  const check = (ok, message) => {
    count[ok ? 'passed' : 'failed'] += 1;
    if (!ok) console.log(`FAIL ${message}`);
  };
  for (const [dll, list] of Object.entries(differences)) {
    const { output } = await run(`${rig}/wine/bin/wine`, [`${rig}/wine-tests/${dll}.exe`, 'pipe'], {
      env: { ...env, WINETEST_PLATFORM: 'wine', WINETEST_DEBUG: '1' }, // as Wine, nothing that is `broken` passes
      output: 'collect',
      minutes: 5,
    });
    const done = /(\d+) tests executed.*\s*$/.exec(output);
    check(done && Number(done[1]) > 2000, `${dll}: did not come to its end\n${output.slice(-2000)}`);
    if (!done) continue;
    const differs = new Map(differencesIn(output));
    const listed = list.flatMap(({ lines }) => lines);
    const news = [...differs].filter(([line]) => !listed.includes(line));
    check(
      news.length === 0,
      `${dll}: expectations of Windows that do not hold\n${news.map(([, text]) => text).join('\n')}`,
    );
    for (const line of listed)
      check(differs.has(line), `${dll}:${line} holds, and is listed in test/wine/differences.js`);
    console.log(`${dll}: ${done[1]} expectations, ${differs.size} lines differ from Windows`);
  }
  return count;
}

/** The lines of the test whose expectation does not hold, or is not tried, with what it says of them. */
export function differencesIn(output) {
  const kinds = /^pipe\.c:(\d+): .*?(?:Test failed|Test marked todo|Test marked flaky|Tests skipped): .*$/gm;
  return [...output.matchAll(kinds)].map(([text, line]) => [Number(line), text]);
}
