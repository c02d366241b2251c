import { Counter, Histogram, type Registry } from 'prom-client'

export type LoopMetrics = { ran(seconds: number): void; failed(seconds: number): void }

const runsName = 'yard_loop_runs_total'
const durationName = 'yard_loop_run_seconds'
const families = new WeakMap<Registry, { runs: Counter<'loop' | 'outcome'>; duration: Histogram<'loop'> }>()

function familiesOf(registry: Registry) {
  const known = families.get(registry)
  if (known) return known
  const made = {
    runs: new Counter({ name: runsName, help: 'Runs of background loops', labelNames: ['loop', 'outcome'] as const, registers: [registry] }),
    duration: new Histogram({ name: durationName, help: 'Duration of runs of background loops', labelNames: ['loop'] as const, buckets: [0.001, 0.01, 0.1, 1, 10], registers: [registry] }),
  }
  families.set(registry, made)
  return made
}

/** Counts and durations of the loop of that name; nothing without a registry. */
export function loopMetrics(loop: string, registry: Registry | undefined): LoopMetrics {
  if (!registry) return { ran() {}, failed() {} }
  const { runs, duration } = familiesOf(registry)
  const count = (outcome: string, seconds: number) => {
    runs.inc({ loop, outcome })
    duration.observe({ loop }, seconds)
  }
  return { ran: seconds => count('ok', seconds), failed: seconds => count('error', seconds) }
}
