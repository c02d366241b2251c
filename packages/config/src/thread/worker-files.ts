import type { FileArgs, FileOutcome, Json } from '@yardmaster/domain'
import type { FileStatus, WorkerFiles } from '../vocabulary/step-context.js'
import { text } from './step-arguments.js'

const ENOENT = 2
const [TYPE, DIRECTORY, REGULAR] = [0o170000, 0o040000, 0o100000]

/** `ctx.worker`, over the effect `file`. */
export function workerFiles(perform: (args: FileArgs) => Promise<FileOutcome>): WorkerFiles {
  const done = async (args: FileArgs, what: string): Promise<Json> => {
    const { rc, result } = await perform(args)
    if (rc !== 0) throw new Error(`ctx.worker.${args.do}(${what}) ended with errno ${rc}; the log says why`)
    return result
  }
  const onPaths = (name: 'mkdir' | 'rmdir' | 'removeFile') => async (...paths: string[]): Promise<void> => {
    if (paths.length > 0) await done({ do: name, paths: paths.map(path => text(path, `ctx.worker.${name}: path`)) }, paths.map(path => `'${path}'`).join(', '))
  }
  const stat = async (path: string): Promise<FileStatus | null> => {
    const { rc, result } = await perform({ do: 'stat', path: text(path, 'ctx.worker.stat: path') })
    if (rc !== 0 && rc !== ENOENT) throw new Error(`ctx.worker.stat('${path}') ended with errno ${rc}; the log says why`)
    return rc === 0 ? statusOf(result as number[]) : null
  }
  return {
    mkdir: onPaths('mkdir'), rmdir: onPaths('rmdir'), removeFile: onPaths('removeFile'), stat,
    exists: async path => await stat(path) !== null,
    listdir: async path => await done({ do: 'listdir', path: text(path, 'ctx.worker.listdir: path') }, `'${path}'`) as string[],
    glob: async pattern => await done({ do: 'glob', path: text(pattern, 'ctx.worker.glob: pattern') }, `'${pattern}'`) as string[],
    copy: async (from, to) => { await done({ do: 'copy', from: text(from, 'ctx.worker.copy: from'), to: text(to, 'ctx.worker.copy: to') }, `'${from}', '${to}'`) },
  }
}

function statusOf([mode = 0, ino = 0, dev = 0, nlink = 0, uid = 0, gid = 0, size = 0, atime = 0, mtime = 0, ctime = 0]: number[]): FileStatus {
  return { mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime, isDirectory: (mode & TYPE) === DIRECTORY, isFile: (mode & TYPE) === REGULAR }
}
