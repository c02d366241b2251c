import { createHash } from 'node:crypto'
import type { JobQueue } from '@yardmaster/bus'
import type { ActiveGeneration } from '../active-generation.js'

/** What a job of the queue `polls` says: which change source is due. */
export type PollJob = { source: string }

/** Each change source of the active generation has its schedule in the queue, and nothing else has: also after a new generation, and after Redis was wiped. */
export function schedulePolls({ queue, active }: { queue: JobQueue<PollJob>; active: () => ActiveGeneration | null }): () => Promise<void> {
  return async () => {
    const generation = active()
    if (generation === null) return
    const wanted = new Map(generation.configuration.changeSources.map(source => [scheduleId(source.name), { source: source.name, everyMs: Math.round(source.pollInterval * 1000) }]))
    const present = new Map((await queue.schedules()).map(schedule => [schedule.id, schedule.everyMs]))
    for (const id of present.keys()) if (!wanted.has(id)) await queue.unschedule(id)
    for (const [id, { source, everyMs }] of wanted) if (present.get(id) !== everyMs) await queue.schedule(id, everyMs, { source })
  }
}

/** A name is most often a URL, and the queue gives colons a meaning of their own. */
function scheduleId(name: string): string {
  return `poll-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
}
