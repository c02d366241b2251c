import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export type Settings = {
  engines: string[]
  name: string
  password: string
  basedir: string
  labels: { [label: string]: string }
  once: boolean
  /** What SIGTERM does with what runs: gives it back to be built elsewhere, or finishes it. */
  onStop: 'hand-back' | 'finish'
  /** For the files that commands make; null: as it is. */
  umask: number | null
  nice: number | null
}

export const HELP = `Runs a Yardmaster worker: connects to an engine, and runs the commands of builds in its base directory.
A flag wins over its variable.

  --engine URL           YARD_ENGINE                ws:// or wss:// address of the engines (default ws://127.0.0.1:9989).
                                                    Several, with commas between: the one that answers
  --name NAME            YARD_WORKER_NAME           name of this worker, as in yard.config.ts
  --password TEXT        YARD_WORKER_PASSWORD       its password. On the command line every user of this machine can read it:
                                                    prefer the variable or the file
  --password-file FILE   YARD_WORKER_PASSWORD_FILE  file that holds the password
  --basedir FOLDER       YARD_WORKER_BASEDIR        where builds live; made when absent. One worker to a folder
  --label NAME=VALUE     YARD_LABELS                what builders can choose it by, beside os, arch and host, which it says by itself;
                                                    may be repeated. In the variable with commas between: gpu=a100,room=attic
  --on-stop WAY          YARD_ON_STOP               what becomes of running builds on SIGTERM, SIGINT or SIGHUP:
                                                      hand-back  they are built elsewhere, and it ends within 5 s (default)
                                                      finish     it takes no more, ends them, and then itself; a second signal ends it at once
  --once                 YARD_ONCE=1                take one build, and exit when it is over
  --umask OCTAL          YARD_UMASK                 permissions taken from the files that commands make, e.g. 022
  --nice NUMBER          YARD_NICE                  priority of the commands, from 0 to 19 (the least)
  --help

yard worker pause|unpause|stop|kill|unquarantine NAME controls a worker from anywhere.
Who looks after the worker, and what it is, can be written to info/admin and info/host (or any other file in info/) in its base directory.
It exits with 0 when it was stopped or has done what --once asks, 1 when it cannot start, 2 for wrong settings.
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
  const rest = readBehaviour(flags, env, problems)
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return { engines, name, password, basedir: resolve(basedir), ...rest }
}

const OPTIONS = {
  engine: { type: 'string' },
  name: { type: 'string' },
  password: { type: 'string' },
  'password-file': { type: 'string' },
  basedir: { type: 'string' },
  label: { type: 'string', multiple: true },
  'on-stop': { type: 'string' },
  once: { type: 'boolean' },
  umask: { type: 'string' },
  nice: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

type ValueOf<Option> = Option extends { type: 'boolean' } ? boolean : Option extends { multiple: true } ? string[] : string
type Flags = { [Name in keyof typeof OPTIONS]?: ValueOf<(typeof OPTIONS)[Name]> }

function parseFlags(argv: string[]): Flags {
  try {
    return parseArgs({ args: argv, options: OPTIONS }).values
  } catch (error) {
    throw new SettingsError(`${(error as Error).message} See --help.`, { cause: error })
  }
}

function readBehaviour(flags: Flags, env: NodeJS.ProcessEnv, problems: string[]): Pick<Settings, 'labels' | 'once' | 'onStop' | 'umask' | 'nice'> {
  const onStop = flags['on-stop'] ?? env['YARD_ON_STOP'] ?? 'hand-back'
  if (onStop !== 'hand-back' && onStop !== 'finish') problems.push(`--on-stop: expected hand-back or finish, found '${onStop}'`)
  const once = flags.once === true || isOn(env['YARD_ONCE'], problems)
  return {
    labels: readLabels(flags.label ?? (env['YARD_LABELS'] ?? '').split(','), problems), once, onStop: onStop === 'finish' ? 'finish' : 'hand-back',
    umask: wholeNumber({ flag: '--umask', text: flags.umask ?? env['YARD_UMASK'], form: /^(0o)?[0-7]{1,4}$/, base: 8, most: 0o777, expected: 'an octal number like 022' }, problems),
    nice: wholeNumber({ flag: '--nice', text: flags.nice ?? env['YARD_NICE'], form: /^\d+$/, base: 10, most: 19, expected: 'a whole number from 0 to 19' }, problems),
  }
}

function isOn(text: string | undefined, problems: string[]): boolean {
  if (text !== undefined && !['', '0', '1'].includes(text)) problems.push(`YARD_ONCE: expected 1 or 0, found '${text}'`)
  return text === '1'
}

function readLabels(texts: string[], problems: string[]): { [label: string]: string } {
  const given = texts.map(text => text.trim()).filter(text => text !== '')
  return Object.fromEntries(given.flatMap(text => {
    const [, name = '', value = ''] = /^([^=]{1,100})=(.{1,1000})$/.exec(text) ?? []
    if (name === '') problems.push(`--label: expected NAME=VALUE, found '${text}'`)
    return [[name.trim(), value.trim()]]
  }))
}

type NumberRule = { flag: string; text: string | undefined; form: RegExp; base: number; most: number; expected: string }

function wholeNumber({ flag, text, form, base, most, expected }: NumberRule, problems: string[]): number | null {
  if (text === undefined || text === '') return null
  const value = form.test(text) ? parseInt(text.replace('0o', ''), base) : NaN
  if (value <= most) return value
  problems.push(`${flag}: expected ${expected}, found '${text}'`)
  return null
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

export function isEngineUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return (protocol === 'ws:' || protocol === 'wss:') && username === '' && password === '' && hash === ''
}
