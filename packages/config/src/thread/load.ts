import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as vocabulary from '../index.js'
import { vocabularyKey } from './vocabulary-key.js'

/** Runs the bundle, takes its folder away, and returns what it exports by default (undefined: nothing). */
export async function load(file: string): Promise<unknown> {
  Reflect.set(globalThis, Symbol.for(vocabularyKey), vocabulary)
  const exports: unknown = await import(pathToFileURL(file).href).finally(() => rmSync(dirname(file), { recursive: true, force: true }))
  return typeof exports === 'object' && exports !== null && 'default' in exports ? await exports.default : undefined
}
