import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const otherSystem = process.platform === 'win32' ? 'linux' : 'windows';
// The .NET that it runs is for this processor alone.
const withoutDotnet = process.arch === 'x64' ? [] : ['test/dotnet.linux.test.ts'];

export default defineConfig({
  // Linux and Wine may share a clone.
  cacheDir: `node_modules/.vite/${process.platform}`,
  test: {
    // *.windows.test.ts and *.linux.test.ts are for one system only.
    include: ['test/**/*.test.ts'],
    exclude: [`test/**/*.${otherSystem}.test.ts`, ...withoutDotnet],
    // A process a file: a native crash names its file, and a thread's identity stays in its process.
    pool: 'forks',
    // Most tests wait more than they compute.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    globalSetup: 'test/support/witness/build.js',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
  },
});
