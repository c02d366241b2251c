/** A path of ours, below the base address, from what an address says, which anybody may have written. */
export function pageOf(to: string | null, baseAddress: string): string {
  const base = new URL('.', baseAddress)
  if (to === null || !URL.canParse(to, base)) return '/'
  const url = new URL(to, base)
  return url.origin === base.origin && url.pathname.startsWith(base.pathname) && !url.pathname.startsWith(`${base.pathname}sign-in`) ? `/${url.href.slice(base.href.length)}` : '/'
}

/** Whatever the path is like (`/https://elsewhere`, `//elsewhere`), it is one of ours. */
export const addressOf = (page: string, baseAddress: string): string => new URL(`.${page}`, baseAddress).href
