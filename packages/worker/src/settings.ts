import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export type Settings = { engines: string[]; name: string; password: string; basedir: string; once: boolean }

export const HELP = `Runs a Yardmaster worker: connects to an engine, and runs the commands of builds in its base directory.

  --engine URL           YARD_ENGINE                ws:// or wss:// address of the engines (default ws://127.0.0.1:9989).
                                                    Several, with commas between: the one that answers
  --name NAME            YARD_WORKER_NAME           name of this worker, as in yard.config.ts
  --password TEXT        YARD_WORKER_PASSWORD       its password. On the command line every user of this machine can read it:
                                                    prefer the variable or the file
  --password-file FILE   YARD_WORKER_PASSWORD_FILE  file that holds the password
  --basedir FOLDER       YARD_WORKER_BASEDIR        where builds live; made when absent. One worker to a folder
  --once                                            exit when idle after having run something
  --help
`

/** Thrown by `readSettings`, with a line for each problem. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** Flags win over the environment. Null: help was asked for. Throws SettingsError that tells all problems. */
export function readSettings(argv: string[], env: NodeJS.ProcessEnv): Settings | null {
  const flags = parseFlags(argv)
  if (flags.help === true) return null
  const problems: string[] = []
  const engines = (flags.engine ?? env['YARD_ENGINE'] ?? 'ws://127.0.0.1:9989').split(',').map(url => url.trim())
  const name = flags.name ?? env['YARD_WORKER_NAME'] ?? ''
  const basedir = flags.basedir ?? env['YARD_WORKER_BASEDIR'] ?? ''
  const password = readPassword(flags, env, problems)
  const wrong = engines.find(url => !isEngineUrl(url))
  if (wrong !== undefined) problems.push(`--engine: expected a URL like ws://host:9989 or wss://host without a user in it, found '${wrong}'`)
  if (name === '') problems.push('--name (or YARD_WORKER_NAME) is missing')
  if (name.includes(':')) problems.push(`--name: may not contain ':', found '${name}'`)
  if (password === '') problems.push('the password is missing: YARD_WORKER_PASSWORD, --password-file or --password')
  if (basedir === '') problems.push('--basedir (or YARD_WORKER_BASEDIR) is missing')
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return { engines, name, password, basedir: resolve(basedir), once: flags.once === true }
}

const OPTIONS = {
  engine: { type: 'string' },
  name: { type: 'string' },
  password: { type: 'string' },
  'password-file': { type: 'string' },
  basedir: { type: 'string' },
  once: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Flags = { [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string }

function parseFlags(argv: string[]): Flags {
  try {
    return parseArgs({ args: argv, options: OPTIONS }).values
  } catch (error) {
    throw new SettingsError(`${(error as Error).message} See --help.`, { cause: error })
  }
}

function readPassword(flags: Flags, env: NodeJS.ProcessEnv, problems: string[]): string {
  if (flags.password !== undefined) return flags.password
  const file = flags['password-file'] ?? env['YARD_WORKER_PASSWORD_FILE']
  if (file === undefined) return env['YARD_WORKER_PASSWORD'] ?? ''
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    problems.push(`--password-file: cannot read '${file}': ${(error as Error).message}`)
    return 'unread'
  }
}

function isEngineUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return (protocol === 'ws:' || protocol === 'wss:') && username === '' && password === '' && hash === ''
}
