import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigurationProblem } from '@yardmaster/config/host'
import type { Configuration } from '@yardmaster/domain'
import { readSettings, type Clock, type SettingFlags, type Settings } from '@yardmaster/runtime'
import { freePort, portIsFree } from '../local/index.js'
import { Problem } from '../problem.js'
import { cloneRoot } from './programs.js'

const quickstartFile = join(cloneRoot, 'deploy/quickstart/yard.config.ts')

/** The quickstart stands in when nobody named a configuration and the current folder has none. */
export function withQuickstart(settings: Settings, flags: SettingFlags): SettingFlags {
  if (settings.origins.config !== 'default' || existsSync(settings.config)) return flags
  return { ...flags, config: quickstartFile }
}

/** Tells the quickstart configuration, in this process and in those that it starts, which repository to watch. */
export function nameQuickstartRepository(settings: Settings, env: NodeJS.ProcessEnv): void {
  if (settings.config === quickstartFile) env.YARD_QUICKSTART_REPOSITORY ||= process.cwd()
}

/** The settings of `yard up`: the quickstart's configuration if there is no other, and a free port where port 0 was asked for. */
export async function upSettings(env: NodeJS.ProcessEnv, given: SettingFlags): Promise<Settings> {
  const asked = readSettings(env, given)
  const flags = withQuickstart(asked, given)
  if (asked.port === 0) flags.port = String(await freePort(null, asked.host))
  if (asked.workerPort === 0) flags.workerPort = String(await freePort(null, asked.workerHost))
  return readSettings(env, flags)
}

async function checkPort(port: number, host: string, advice: string): Promise<void> {
  if (!await portIsFree(port, host)) throw new Problem(`port ${port} of ${host} is taken by another program; choose another with ${advice}`)
}

/** What must be so before anything is started. Throws a {@link Problem}. */
export async function checkMachine(settings: Settings): Promise<void> {
  if (spawnSync('git', ['--version']).error) throw new Problem('git is not on PATH: install it (Debian: apt-get install git)')
  if (settings.port === settings.workerPort) throw new Problem(`port ${settings.port} is asked for twice: YARD_PORT (the web page) and YARD_WORKER_PORT (the workers) must differ`)
  await checkPort(settings.port, settings.host, '--port or YARD_PORT')
  await checkPort(settings.workerPort, settings.workerHost, '--worker-port or YARD_WORKER_PORT')
}

export type CheckedFile = {
  problems: ConfigurationProblem[]
  warnings: ConfigurationProblem[]
  /** The problems; the warnings where there are none. */
  text: string
  builders: number
  configuration: Configuration | null
  /** Its bundle; '' without a configuration. */
  code: string
}

/** Everything that is wrong with a configuration file, as data and as text. Throws a {@link Problem} when it is not there. */
export async function checkFile(file: string, clock: Clock): Promise<CheckedFile> {
  if (!existsSync(file)) throw new Problem(`there is no configuration ${file}: write one, or name another with -c or YARD_CONFIG`)
  if (!statSync(file).isFile()) throw new Problem(`the configuration ${file} is not a file: name the file itself with -c or YARD_CONFIG`)
  // It brings a bundler along, which most commands can do without.
  const { checkConfiguration, formatProblems } = await import('@yardmaster/config/host')
  const checked = await checkConfiguration(file, clock.setTimeout)
  if (!checked.ok) return { problems: checked.errors, warnings: [], text: formatProblems(checked.errors), builders: 0, configuration: null, code: '' }
  const { configuration, warnings, bundle } = checked
  return { problems: [], warnings, text: warnings.length > 0 ? formatProblems(warnings, 'warning') : '', builders: configuration.builders.length, configuration, code: bundle.code }
}

/** The checked configuration. Throws a {@link Problem} that shows everything that is wrong with it. */
export async function checkedConfiguration(file: string, clock: Clock): Promise<Configuration> {
  const { configuration, text } = await checkFile(file, clock)
  if (configuration === null) throw new Problem(`${text}\nNothing was started.`)
  return configuration
}
