/** Out of room, out of processes, out of descriptors, a broken or read-only disk: no command is to blame for these. */
const ALWAYS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'ESTALE'])
/** In the worker's own folders these mean that the machine was changed under it; elsewhere a command asked for what it may not have. */
const IN_OWN_FOLDERS: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT'])

/** Whether it is the worker's machine that could not do it, and not what was asked for that cannot be done. */
export function isMachineTrouble(error: unknown, where: 'own folder' | 'anywhere'): boolean {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  return ALWAYS.has(code) || (where === 'own folder' && IN_OWN_FOLDERS.has(code))
}
