import { parseSetCookie, stringifyCookie } from 'cookie'

export type Visit = { status: number; headers: Headers; text: string; url: string }
export type BrowserLike = {
  /** Sends the cookies that it has, and keeps those that it is given. Redirects are told, not followed. */
  go(url: string, init?: Omit<RequestInit, 'headers'> & { headers?: { [name: string]: string } }): Promise<Visit>
  /** Follows redirects up to one of these origins' pages that is none. */
  follow(url: string): Promise<Visit>
  cookies: Map<string, string>
}

/** A cookie jar with fetch: one host's cookies are all hosts', as on 127.0.0.1, where ports don't part them. */
export function browserLike(): BrowserLike {
  const cookies = new Map<string, string>()
  const go: BrowserLike['go'] = async (url, init = {}) => {
    const response = await fetch(url, { redirect: 'manual', ...init, headers: { ...(cookies.size > 0 ? { cookie: stringifyCookie(Object.fromEntries(cookies)) } : {}), ...init.headers } })
    for (const line of response.headers.getSetCookie()) {
      const { name, value, maxAge } = parseSetCookie(line)
      if (maxAge === 0) cookies.delete(name)
      else cookies.set(name, value ?? '')
    }
    return { status: response.status, headers: response.headers, text: await response.text(), url }
  }
  return {
    go, cookies,
    async follow(url) {
      let visit = await go(url, { headers: { accept: 'text/html' } })
      for (let hop = 0; hop < 10; hop++) {
        const to = visit.headers.get('location')
        if (to === null) return visit
        visit = await go(new URL(to, visit.url).href, { headers: { accept: 'text/html' } })
      }
      throw new Error(`more than 10 redirects, at last to ${visit.url}`)
    },
  }
}
