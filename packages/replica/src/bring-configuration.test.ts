import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@yardmaster/db'
import { createLogger, readSettings, systemClock } from '@yardmaster/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { aConfiguration, anInstallation } from '../../../test/kit/installation.js'
import { startPostgresProxy, type CommitPoint } from '../../../test/kit/postgres-proxy.js'
import { bringConfiguration } from './bring-configuration.js'
import { openGenerations } from './generations.js'

test.each<CommitPoint['when']>(['before the commit', 'after the commit'])('a configuration is brought though the connection is lost %s', async when => {
  const world = await anInstallation(aConfiguration())
  const proxy = await startPostgresProxy(world.url)
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-bring-'))
  const db = openDatabase({ url: proxy.url, connections: 3, onConnectionLost: () => {} })
  onTestFinished(async () => {
    await db.close()
    await proxy.close()
    await world.close()
    rmSync(folder, { recursive: true })
  })
  const config = join(folder, 'yard.config.mjs')
  writeFileSync(config, 'export default { workers: [], builders: [] }')
  const lines: string[] = []
  const [clock, logger] = [systemClock(), createLogger({ name: 'test', level: 'warn', destination: { write: (line: string) => { lines.push(line) } } })]
  const generations = await openGenerations({ db, clock, logger, set: 'main' })
  const settings = readSettings({ YARD_CONFIG: config })
  let lost = 0
  proxy.at({ transaction: /INSERT INTO generations/, when }, () => { lost += 1 })
  await bringConfiguration({ db, clock, settings, logger, generations })
  expect(lost).toBe(1)
  expect(generations.active()!.id).toBeGreaterThan(world.generationId)
  expect(lines.filter(line => line.includes('older generation'))).toEqual([])
  expect(lines.filter(line => line.includes('trying again'))).toHaveLength(1)
})
