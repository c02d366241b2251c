/** Views of Buildbot's page that are parts of others here. */
const elsewhere = new Set(['builders', 'home', 'console', 'grid', 'waterfall', 'about', 'settings'])

const views = new Set([...elsewhere, 'projects', 'buildrequests', 'pendingbuildrequests', 'workers', 'masters', 'schedulers', 'changes'])

/**
 * The path that an old Buildbot link means (`/#/builders/3/builds/45`, and without the second slash as mails and statuses have had it for years);
 * undefined: the hash is no such link.
 */
export function pathOfHash(hash: string): string | undefined {
  const [path = '', query] = hash.slice(1).split('?', 2)
  // Slashes at the beginning would name another host.
  const [view = '', ...rest] = path.split('/').filter(part => part !== '')
  if (!path.startsWith('/') && !views.has(view)) return undefined
  const parts = view === 'projects' ? [''] : rest.length === 0 ? [elsewhere.has(view) ? '' : view] : rest[1] === 'force' ? [view, rest[0]] : [view, ...rest]
  return `/${parts.join('/')}${query ? `?${query}` : ''}`
}
