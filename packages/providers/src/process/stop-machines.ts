import type { Clock, Random } from '@yardmaster/runtime'
import { isAlive, killTree } from '@yardmaster/runtime/processes'
import { machineFiles } from './machine-files.js'
import { markOf } from './worker-process.js'

/** What a worker needs to end its commands and to tell its engine. */
const PATIENCE_MS = 3_000
const BETWEEN_MS = 20

/**
 * Ends the processes of all machines in the folder, for who takes a whole installation down. Their files stay: the provisioner finds them stopped when it
 * comes back. Resolves to how many there were.
 */
export async function stopProcessMachines(folder: string, { clock, random }: { clock: Clock; random: Random }): Promise<number> {
  const files = machineFiles(folder, random)
  const known = (await Promise.all((await files.ids()).map(id => files.read(id)))).filter(file => file !== null)
  const living = known.flatMap(({ label, process: started }) => (started !== null && isAlive(started) ? [{ started, mark: markOf(label) }] : []))
  for (const { started } of living) {
    try {
      process.kill(started.pid, 'SIGTERM')
    } catch {
      // It has just ended.
    }
  }
  const deadline = clock.monotonic() + PATIENCE_MS
  while (living.some(({ started }) => isAlive(started)) && clock.monotonic() < deadline) await clock.sleep(BETWEEN_MS)
  // Also what a worker left behind, and what was started without its file having been completed.
  await Promise.all(known.map(({ label }) => killTree({ mark: markOf(label), root: null }, clock)))
  return living.length
}
