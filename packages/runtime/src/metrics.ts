import { collectDefaultMetrics, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** A registry with Node's own metrics (CPU, memory, event-loop lag, garbage collection); `labels` go on every line. Once per process. */
export function createRegistry(labels: { [label: string]: string } = {}): Registry {
  const registry = new Registry()
  registry.setDefaultLabels(labels)
  // The monitor of the event loop's lag wakes the process at this pace: at 10 ms an idle process spends 0.6 % of a core on it, at 100 ms 0.1 %.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  return registry
}
