import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Random } from '@yardmaster/runtime'
import { makeFolder } from './make-folder.js'

/** The secret in `file`, made at random (64 hex digits, mode 0600) if there is none yet. */
export function keptSecret(file: string, random: Random): string {
  makeFolder(dirname(file))
  try {
    writeFileSync(file, `${random.uuid()}${random.uuid()}`.replaceAll('-', ''), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return readFileSync(file, 'utf8').trim()
}
