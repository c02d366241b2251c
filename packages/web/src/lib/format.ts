/** `9 s`, `4 min 05 s`, `2 h 03 min`, `3 d 4 h`; a clock that lags behind the server's shows 0 s. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${pad(s % 60)} s`
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${pad(Math.floor((s % 3600) / 60))} min`
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`
}

/** `just now`, `5 min ago`, `3 h ago`, `2 d ago`, then the date. Both in epoch seconds. */
export function ago(at: number, now: number): string {
  const s = Math.max(0, now - at)
  if (s < 10) return 'just now'
  if (s < 60) return `${Math.floor(s / 10) * 10} s ago`
  if (s < 3600) return `${Math.floor(s / 60)} min ago`
  if (s < 86_400) return `${Math.floor(s / 3600)} h ago`
  if (s < 7 * 86_400) return `${Math.floor(s / 86_400)} d ago`
  return dateTime(at).slice(0, 10)
}

/** Local `2026-11-22 14:05:09` of epoch seconds. */
export function dateTime(at: number): string {
  const d = new Date(at * 1000)
  const date = `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`
  return `${date} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`
}

/** `512 MiB`, `7.4 GiB`, `1.8 TiB`. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = Math.min(Math.floor(Math.log2(Math.max(n, 1)) / 10), units.length - 1)
  const value = n / 1024 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step] ?? ''}`
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}

/** Ten digits of a git hash; other revisions as they are. */
export function shortRevision(revision: string): string {
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision.slice(0, 10) : revision
}

/** `Ann` of `Ann <ann@example.org>`. */
export function personName(author: string): string {
  return author.replace(/\s*<[^>]*>\s*$/, '') || author
}

export function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0] ?? ''
}

const pad = (n: number): string => String(n).padStart(2, '0')
