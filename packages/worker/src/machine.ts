import { readFile, statfs } from 'node:fs/promises'
import { arch, availableParallelism, freemem, hostname, loadavg, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Status, WorkerInfo } from '@yardmaster/worker-protocol'

/** What `hello` tells of this machine. */
export async function workerInfo(basedir: string): Promise<WorkerInfo> {
  const [diskFreeBytes, admin, host] = await Promise.all([diskFree(basedir), infoFile(basedir, 'admin'), infoFile(basedir, 'host')])
  return {
    platform: platform(), arch: arch(), cores: availableParallelism(), memoryBytes: totalmem(), diskFreeBytes, load1: load1(), hostname: hostname(), basedir,
    ...(admin === null ? {} : { admin }),
    ...(host === null ? {} : { host }),
  }
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

/** As in Buildbot: people write who looks after the worker, and what it is, into `info/admin` and `info/host`. */
async function infoFile(basedir: string, name: string): Promise<string | null> {
  return readFile(join(basedir, 'info', name), 'utf8').then(text => text.trim(), () => null)
}
