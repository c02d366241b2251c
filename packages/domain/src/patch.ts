import { LARGEST_PATCH } from './force-fields.js'
import type { Patch } from './source-stamp.js'

/** Why a patch cannot be taken, and because of which of its fields; null: it can. */
export function patchProblem({ body, level, subdir }: Pick<Patch, 'body' | 'level' | 'subdir'>): { field: 'body' | 'level' | 'subdir'; message: string } | null {
  if (body.trim() === '') return { field: 'body', message: 'the patch is empty' }
  if (body.length > LARGEST_PATCH) return { field: 'body', message: `the patch is too large: ${body.length} characters, at most ${LARGEST_PATCH} are taken` }
  if (body.includes('\0')) return { field: 'body', message: 'the patch has a NUL character in it: make it with git diff --binary' }
  if (!Number.isSafeInteger(level) || level < 0 || level > 100) return { field: 'level', message: `the patch's level must be a whole number from 0 to 100, found ${level}` }
  if (!isBelow(subdir)) return { field: 'subdir', message: `the patch's subdir must be a folder below the source, without '..', found '${subdir}'` }
  return null
}

/** A relative path that does not lead out. */
function isBelow(path: string): boolean {
  return path.length <= 1024 && !/^[/\\-]|^[A-Za-z]:|[\p{Cc}]/u.test(path) && !path.split(/[/\\]/).includes('..')
}
