import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MachineLabel } from '@yardmaster/domain'
import type { Random } from '@yardmaster/runtime'
import type { ProcessIdentity } from '@yardmaster/runtime/processes'

/** What is known of a machine, written down before its process is started. */
export type MachineFile = {
  version: 1
  label: MachineLabel
  /** Epoch ms. */
  createdAt: number
  /** Whoever was about to start it: while it lives, the process may still come to be. */
  starter: ProcessIdentity | null
  /** null: not started yet, or its starter died at it. */
  process: ProcessIdentity | null
}

const SUFFIX = '.json'

/** Whether the error is of a file system that answers with this code. */
export const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code

/** The files of the machines of one host: ID.json tells what the machine is, the folder ID is its own. */
export function machineFiles(folder: string, random: Random) {
  const fileOf = (id: string) => join(folder, `${id}${SUFFIX}`)
  const folderOf = (id: string) => join(folder, id)
  const written = async (id: string, content: MachineFile): Promise<string> => {
    const path = join(folder, `${id}.${random.uuid()}.new`)
    await writeFile(path, JSON.stringify(content), { mode: 0o600 })
    return path
  }
  const read = async (id: string): Promise<MachineFile | null> => {
    try {
      return JSON.parse(await readFile(fileOf(id), 'utf8')) as MachineFile
    } catch (error) {
      // Files come to be as a whole, so one that cannot be read is what a crash of the host left.
      if (isCode(error, 'ENOENT') || error instanceof SyntaxError) return null
      throw error
    }
  }
  return {
    folderOf,
    read,
    /** Of two that make the same machine one gets true: the file comes to be with all that is in it, or not at all. */
    async claim(id: string, content: MachineFile): Promise<boolean> {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = await written(id, content)
      try {
        await link(path, fileOf(id))
        return true
      } catch (error) {
        if (isCode(error, 'EEXIST')) return false
        throw error
      } finally {
        await rm(path, { force: true })
      }
    },
    async replace(id: string, content: MachineFile): Promise<void> {
      await rename(await written(id, content), fileOf(id))
    },
    async ids(): Promise<string[]> {
      try {
        return (await readdir(folder)).filter(name => name.endsWith(SUFFIX)).map(name => name.slice(0, -SUFFIX.length))
      } catch (error) {
        if (isCode(error, 'ENOENT')) return []
        throw error
      }
    },
    /** The file goes last: whoever dies on the way leaves a machine that is still known. */
    async remove(id: string): Promise<void> {
      await rm(folderOf(id), { recursive: true, force: true, maxRetries: 3 })
      const names = await readdir(folder).catch((error: unknown) => { if (isCode(error, 'ENOENT')) return []; throw error })
      for (const name of names) if (name.startsWith(`${id}.`) && name.endsWith('.new')) await rm(join(folder, name), { force: true })
      await rm(fileOf(id), { force: true })
    },
  }
}

export type MachineFiles = ReturnType<typeof machineFiles>
