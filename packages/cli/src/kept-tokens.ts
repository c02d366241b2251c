import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { errorCode, messageOf, Problem } from './problem.js'

type Env = NodeJS.ProcessEnv
/** API tokens by the address of the Yardmaster that they are for. */
const keptSchema = z.record(z.string(), z.string())

const fileOf = (env: Env): string => join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'yardmaster', 'tokens.json')

function readKept(env: Env): { [address: string]: string } {
  const file = fileOf(env)
  try {
    return keptSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {}
    throw new Problem(`${file} cannot be read (${messageOf(error)}): mend it, or remove it and run yard login again`, { cause: error })
  }
}

/** The token to ask an address with: that of YARD_TOKEN, or the one kept for it. */
export const tokenFor = (address: string, env: Env): string | undefined => env['YARD_TOKEN'] || readKept(env)[address]

/** Keeps it where only this user reads it; null: forgets it. Returns the file. */
export function keepToken(address: string, token: string | null, env: Env): string {
  const file = fileOf(env)
  const { [address]: _, ...others } = readKept(env)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const beside = `${file}.${process.pid}`
  rmSync(beside, { force: true })
  writeFileSync(beside, `${JSON.stringify(token === null ? others : { ...others, [address]: token }, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(beside, file)
  return file
}
