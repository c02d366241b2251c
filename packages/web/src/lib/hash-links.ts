/** The path that an old Buildbot link (`/#/builders/3/builds/45`) means; undefined: the hash is no such link. */
export function pathOfHash(hash: string): string | undefined {
  if (!hash.startsWith('#/')) return undefined
  const path = hash.slice(1).replace(/\/+$/, '')
  return path === '' ? '/' : path
}
