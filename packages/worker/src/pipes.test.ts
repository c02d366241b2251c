import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PipeStock } from './pipes.js'
import { until } from './testing/test-engine.js'

test.skipIf(process.platform !== 'linux')('pipes that cannot be opened leave no open files behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yard-pipes-'))
  const stock = new PipeStock(join(folder, 'pipes'))
  const ours = () => readdirSync('/proc/self/fd').length
  const before = ours()
  // The one that would be the second.
  rmSync(join(folder, 'pipes', '30'))
  expect(() => stock.takeTwo()).toThrow('ENOENT')
  await until(() => ours() === before, 'the first to be closed')
  rmSync(folder, { recursive: true })
})
