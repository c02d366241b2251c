import { isRecord, type Json } from '../json.js'
import type { HostPermission } from './host-client.js'
import type { HostAnswer, HostAsk } from './operations.js'

export type Ask = (request: HostAsk) => Promise<HostAnswer>

/** Of an answer, leniently: hosts add fields, and leave some out. */
export function field(value: Json | undefined, ...path: string[]): Json {
  let at: Json = value ?? null
  for (const name of path) at = isRecord(at) ? at[name] ?? null : null
  return at
}

export const items = (value: Json): Json[] => (Array.isArray(value) ? value : [])
export const textAt = (value: Json | undefined, ...path: string[]): string => {
  const found = field(value, ...path)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : ''
}

/** `owner/name` as a path. */
export const pathOf = (repository: string): string => repository.split('/').map(encodeURIComponent).join('/')

/** No host tells more of one pull request. */
const MOST_PAGES = 40

/** All pages of a list that is asked for by page and full at `size`. */
export async function paged(ask: Ask, path: (page: number) => string, size: number): Promise<Json[]> {
  const all: Json[] = []
  for (let page = 1; page <= MOST_PAGES; page++) {
    const found = items((await ask({ method: 'GET', path: path(page) })).body)
    all.push(...found)
    if (found.length < size) break
  }
  return all
}

export function permissionOf(word: string): HostPermission {
  const lower = word.toLowerCase()
  if (/admin|owner|maintain/.test(lower)) return 'admin'
  if (/write|push|triage/.test(lower)) return lower === 'triage' ? 'read' : 'write'
  return /read|pull/.test(lower) ? 'read' : 'none'
}
