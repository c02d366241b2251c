const nowhere = 'http://nowhere.invalid'

/**
 * Where a browser goes after signing in or out: never to another site. `redirect` is Buildbot's: what its page has after the `#`.
 * `page`: a path of ours below the base path, with its query.
 */
export function landingOf(query: URLSearchParams, basePath: string): string {
  const page = query.get('page')
  if (page !== null) return pageBelow(basePath, page)
  const redirect = query.get('redirect')
  return redirect === null || redirect === '' ? basePath : `${basePath}${new URL(`#${redirect}`, nowhere).hash}`
}

function pageBelow(basePath: string, page: string): string {
  const path = basePath + page.replace(/^[/\\]+/, '')
  if (!URL.canParse(path, nowhere)) return basePath
  const { origin, pathname, search, hash } = new URL(path, nowhere)
  // Dots may lead out of the base path, and to what a browser takes for another host (`/.//evil.example`).
  return origin === nowhere && pathname.startsWith(basePath) && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : basePath
}
