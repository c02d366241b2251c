import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as vocabulary from '../index.js'
import { bundleName } from './messages.js'
import { vocabularyKey } from './vocabulary-key.js'

/**
 * Runs the bundle and returns what it exports by default (undefined: nothing). Through a file, which is gone when this returns:
 * a data: URL would stand whole in every line of every stack.
 */
export async function load(code: string): Promise<unknown> {
  Reflect.set(globalThis, Symbol.for(vocabularyKey), vocabulary)
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-'))
  try {
    const file = join(folder, bundleName)
    writeFileSync(file, code, { mode: 0o600 })
    const exports: unknown = await import(pathToFileURL(file).href)
    return typeof exports === 'object' && exports !== null && 'default' in exports ? await exports.default : undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
