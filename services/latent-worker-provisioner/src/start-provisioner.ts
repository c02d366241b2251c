import type { Loop } from '@yardmaster/runtime'
import type { Replica } from '@yardmaster/replica'
import { createLooking } from './demand/look.js'
import type { Provisioning } from './deps.js'
import { tellWhatStays } from './do/tell-what-stays.js'
import { advanceInstances } from './loops/advance.js'
import { meetDemand } from './loops/demand.js'
import { measureMachines } from './loops/measure.js'
import { observeInstances } from './loops/observe.js'
import { paced } from './loops/paced.js'
import { scaleIn } from './loops/scale-in.js'
import { customMachines } from './providers/custom.js'
import { createProviders } from './providers/registry.js'
import { ledgerWriter } from './write-ledger.js'

const SWEEP_MS = 5_000
/** Who does not hold the duty looks again soon: the wait for a dead holder's burial is long enough. */
const TAKE_OVER_MS = 1_000
/** What is under way at a provider is waited for, then given up: its outcome is then unknown, and found out by whoever comes next. */
const STOP_MS = 20_000

/**
 * The provisioner's parts, connected. demand writes down which machines are wanted, scale-in which are not any more; advance makes them so; observe looks
 * at what is there. They speak through the rows of `instances` alone.
 */
export function startProvisioner(replica: Replica): void {
  const { db, fence, bus, clock, random, logger, generations, secrets, installation, settings, registry, id } = replica
  const providers = createProviders({ generations, secrets, logger, deps: { clock, random, logger, home: settings.home }, openCustom: customMachines })
  replica.onStop('providers', () => providers.close())
  const deps: Provisioning = {
    db, write: ledgerWriter({ db, fence }), clock, random, logger, generations, secrets, installation, settings, registry, providers, replicaId: id, set: settings.set,
    holdsDuty: () => replica.duty(`provision.${settings.set}`),
    advance: () => advance.notify(),
    observe: () => observe.notify(),
  }
  const looking = createLooking(deps)
  const advancing = advanceInstances(deps, epochMs => advance.setAlarm(epochMs))
  const observing = observeInstances(deps, epochMs => observe.setAlarm(epochMs))
  const looped = (name: string, run: (signal: AbortSignal) => Promise<void | { again: boolean }>): Loop => {
    const loop = replica.loop({
      name, everyMs: SWEEP_MS,
      async run(signal) {
        if (await deps.holdsDuty()) return run(signal)
        loop.setAlarm(clock.now() + TAKE_OVER_MS)
      },
    })
    return loop
  }
  replica.onStop('what stays', () => tellWhatStays(deps))
  replica.onStop('operations', () => Promise.all([advancing.stop(), observing.stop()]), { deadlineMs: STOP_MS })
  const observe = looped('observe', observing.run)
  const advance = looped('advance', advancing.run)
  replica.loop({ name: 'give back', everyMs: SWEEP_MS, run: advancing.giveBack })
  const scaling: Loop = looped('scale in', paced(clock, epochMs => scaling.setAlarm(epochMs), scaleIn(deps, looking, epochMs => scaling.setAlarm(epochMs))))
  const demand: Loop = looped('demand', paced(clock, epochMs => demand.setAlarm(epochMs), meetDemand(deps, looking)))
  const measuring = measureMachines(deps)
  replica.loop({ name: 'measure', everyMs: SWEEP_MS, run: async () => measuring(await deps.holdsDuty()) })
  bus.onWake('requests', () => demand.notify())
  bus.onWake('instances', () => { for (const loop of [advance, demand, scaling, observe]) loop.notify() })
  generations.onChange(() => { for (const loop of [demand, scaling, observe]) loop.notify() })
}
