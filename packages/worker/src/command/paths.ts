import { isAbsolute, relative, resolve, sep } from 'node:path'

/** The worker's own folder inside of its basedir. */
export const OWN_FOLDER = '.yard-worker'

/** `path` within the basedir, absolute. Throws when it leads out of it, or into what is the worker's own. */
export function insideBasedir(basedir: string, path: string): string {
  const full = resolve(basedir, path)
  const way = relative(basedir, full)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) throw new Error(`'${path}' is outside of the worker's base directory ${basedir}`)
  if (way === OWN_FOLDER || way.startsWith(OWN_FOLDER + sep)) throw new Error(`'${path}' belongs to the worker itself`)
  return full
}
