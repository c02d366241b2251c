import { existsSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { delimiter, join } from 'node:path'
import { createLogger, runProcess, systemClock, systemRandom } from '@yardmaster/runtime'
import { HELP, readSettings, type Settings, SettingsError } from './settings.js'
import { Worker } from './worker.js'

function settingsOrExit(): Settings {
  try {
    const settings = readSettings(process.argv.slice(2), process.env)
    if (settings !== null) return settings
    process.stdout.write(HELP)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  }
}

function findProgram(name: string): string | null {
  return (process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, name)).find(path => existsSync(path)) ?? null
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

const STOP_MS = 5000

const settings = settingsOrExit()
if (settings.umask !== null) process.umask(settings.umask)
if (settings.nice !== null) setPriority(settings.nice)
const logger = createLogger({ name: `worker ${settings.name}` })
const clock = systemClock()

runProcess({
  name: 'worker',
  logger,
  clock,
  async start(lifecycle) {
    const pty = process.platform === 'linux' ? findProgram('script') : null
    const worker = new Worker({
      settings, version: ownVersion(), environment: process.env, pty, clock, random: systemRandom(), logger,
      onFinished: why => lifecycle.stop(why),
    })
    process.on('exit', () => worker.killNow())
    process.on('SIGHUP', () => lifecycle.stop('SIGHUP'))
    if (settings.onStop === 'finish') lifecycle.onStop('worker', () => worker.finish('the worker is stopping'), { deadlineMs: null })
    else lifecycle.onStop('worker', () => worker.stop('the worker is stopping'), { deadlineMs: STOP_MS })
    await worker.recover()
    lifecycle.ready({ basedir: settings.basedir })
    worker.run().catch((error: unknown) => lifecycle.fail(error))
  },
})
