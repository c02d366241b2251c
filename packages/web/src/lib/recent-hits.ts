import type { SearchHit } from '@yardmaster/rest'

const key = 'yardmaster.search'
const most = 8

/** What was gone to by searching, in this browser, the newest first. */
export function recentHits(): SearchHit[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(kept) ? (kept as SearchHit[]).filter(hit => typeof hit?.title === 'string' && typeof hit.place === 'string') : []
  } catch {
    return []
  }
}

export function rememberHit(hit: SearchHit): void {
  const others = recentHits().filter(({ kind, id }) => kind !== hit.kind || id !== hit.id)
  localStorage.setItem(key, JSON.stringify([hit, ...others].slice(0, most)))
}
