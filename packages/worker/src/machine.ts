import { statfs } from 'node:fs/promises'
import { arch, availableParallelism, freemem, hostname, loadavg, platform, totalmem } from 'node:os'
import { infoFiles } from './info-files.js'
import type { Status, WorkerInfo } from '@yardmaster/worker-protocol'

/** What `hello` tells of this machine. */
export async function workerInfo(basedir: string): Promise<WorkerInfo> {
  const [diskFreeBytes, files] = await Promise.all([diskFree(basedir), infoFiles(basedir)])
  const { admin, host } = files
  return {
    platform: platform(), arch: arch(), cores: availableParallelism(), memoryBytes: totalmem(), diskFreeBytes, load1: load1(), hostname: hostname(), basedir, files,
    ...(admin === undefined ? {} : { admin }),
    ...(host === undefined ? {} : { host }),
  }
}

/** What can be asked for without saying it: `os` and `arch` in Node's words (linux, darwin; x64, arm64), and the host's name. */
export function ownLabels(): { [label: string]: string } {
  return { os: platform(), arch: arch(), host: hostname() }
}

export async function workerStatus(basedir: string): Promise<Status> {
  return { type: 'status', load1: load1(), diskFreeBytes: await diskFree(basedir), memoryFreeBytes: freemem() }
}

function load1(): number {
  return loadavg()[0] ?? 0
}

async function diskFree(folder: string): Promise<number> {
  // A folder that has gone has no room; the commands that need it will say so.
  return statfs(folder).then(({ bavail, bsize }) => bavail * bsize, () => 0)
}
