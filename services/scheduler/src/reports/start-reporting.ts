import type { Replica } from '@yardmaster/replica'
import type { Loop } from '@yardmaster/runtime'
import { enqueueNotifications, type NotificationJob } from './enqueue-notifications.js'
import { planReports } from './plan-reports.js'
import { sendingMetrics } from './sending-metrics.js'
import { holdsSetDuty, ofSet } from '../set-duty.js'
import { sendNotification } from './send-notification.js'

const SWEEP_MS = 5_000
/** Of one process; each target has its own bound, so that a slow one leaves room. */
const SENDINGS = 32
const STOP_MS = 5_000

/** Tells of builds: one replica plans and makes jobs, all of them send. */
export async function startReporting(replica: Replica): Promise<void> {
  const { db, fence, logger, clock, random, secrets, installation, settings, bus, generations, registry } = replica
  const name = (of: string) => ofSet(of, settings)
  const holds = (loop: () => Loop) => () => holdsSetDuty(replica, 'report', loop())
  const queues = await replica.queues()
  const active = () => generations.active()
  const stopping = new AbortController()
  const sender = sendNotification({ db, fence, clock, random, logger, secrets, installation, active, metrics: sendingMetrics(registry, db), stopping: stopping.signal })
  const worker = await queues.work<NotificationJob>(name('notifications'), ({ data: { id } }) => sender.send(id), { concurrency: SENDINGS })
  replica.onStop('notifications', async () => {
    // What is under way may end in peace, for a while.
    const cancel = clock.setTimeout(() => stopping.abort(new Error('the process stops')), STOP_MS)
    await worker.close()
    cancel()
  })
  replica.loop({ name: 'resume notifications', everyMs: SWEEP_MS, run: () => sender.resume() })
  const plan = replica.loop({
    name: 'plan reports', everyMs: SWEEP_MS,
    run: planReports({ db, fence, logger, baseUrl: settings.baseUrl, set: settings.set, active, holdsDuty: holds(() => plan) }),
  })
  const enqueue = replica.loop({
    name: 'enqueue notifications', everyMs: SWEEP_MS,
    run: enqueueNotifications({ db, fence, clock, logger, set: settings.set, queue: queues.queue<NotificationJob>(name('notifications')), holdsDuty: holds(() => enqueue), setAlarm: epochMs => enqueue.setAlarm(epochMs) }),
  })
  bus.onWake('reports', () => plan.notify())
  bus.onWake('notifications', () => enqueue.notify())
  generations.onChange(() => { plan.notify(); enqueue.notify() })
}
