import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['test/kit/global-setup.ts'],
    setupFiles: ['test/kit/set-up.ts'],
    pool: 'forks',
    // Scenarios run a whole installation each: more than one per core makes them wait for each other.
    maxWorkers: 2,
    // More than the waits of a test together as a rule, so that the one that hangs is what fails, with what it waited for; a slow machine costs time only.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 120_000, interval: 50 } },
  },
})
