/** Views of Buildbot's page that are parts of others here. */
const elsewhere = new Set(['builders', 'home', 'console', 'grid', 'waterfall', 'about', 'settings'])

/** The path that an old Buildbot link (`/#/builders/3/builds/45`) means; undefined: the hash is no such link. */
export function pathOfHash(hash: string): string | undefined {
  if (!hash.startsWith('#/')) return undefined
  const [path = '', query] = hash.slice(1).split('?', 2)
  // Slashes at the beginning would name another host.
  const [view = '', ...rest] = path.split('/').filter(part => part !== '')
  const parts = view === 'projects' ? [''] : rest.length === 0 ? [elsewhere.has(view) ? '' : view] : rest[1] === 'force' ? [view, rest[0]] : [view, ...rest]
  return `/${parts.join('/')}${query ? `?${query}` : ''}`
}
