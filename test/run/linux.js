// What runs on Linux itself. (On Windows, only the first of these.)
import { buildNative, buildTypeScript, prebuildLinux } from './build.js';
import { addonUnderSanitizers, fuzz, posixLoop, simulation, unitTests } from './native.js';
import { vitest } from './vitest.js';

export function linuxPhases(options) {
  const system = process.platform === 'win32' ? 'Windows' : 'Linux';
  return [
    {
      name: 'vitest',
      title: `vitest on ${system}, Node ${process.versions.node}`,
      async run() {
        await buildTypeScript();
        // With PREBUILDS_ONLY=1 the binary in prebuilds/ is what is tested, as it is.
        if (!process.env.PREBUILDS_ONLY) await buildNative();
        // For test/package.linux.test.ts.
        if (!process.env.PREBUILDS_ONLY && system === 'Linux') await prebuildLinux();
        const count = await vitest([process.execPath], options.vitest);
        if (system === 'Windows' && !process.env.FRAMEPIPE_USERS)
          console.log('Not asserted without FRAMEPIPE_USERS=NAME:PASSWORD,NAME:PASSWORD: what two local users may do.');
        return count;
      },
    },
    { name: 'unit', title: 'native unit tests: ASan and UBSan, then valgrind', run: unitTests },
    { name: 'simulation', title: 'the core with a scripted transport: plain, ASan and UBSan, TSan', run: simulation },
    { name: 'posix', title: 'the loop for Linux without Node: ASan and UBSan, then TSan', run: posixLoop },
    { name: 'fuzz', title: 'fuzzing', run: fuzz },
    { name: 'sanitize', title: 'the addon under ASan, UBSan and LSan, then valgrind', run: addonUnderSanitizers },
  ];
}
