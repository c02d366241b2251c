import type { Replica } from '@yardmaster/replica'
import { offerDeliveries, type DeliveryJob } from './loops/offer-deliveries.js'
import { deliveryDue } from './on/delivery-due.js'
import { ofSet } from './set-duty.js'

const SWEEP_MS = 5_000
const AT_ONCE = 8

/** Messages of hooks for which something outside has to be asked are worked on. */
export async function startDeliveries(replica: Replica): Promise<void> {
  const { db, fence, logger, clock, settings, secrets, bus, generations } = replica
  const queueName = ofSet('deliveries', settings)
  const queues = await replica.queues()
  const stopping = new AbortController()
  const due = deliveryDue({ db, fence, logger, clock, secrets, active: () => generations.active(), stopping: stopping.signal })
  const worker = await queues.work<DeliveryJob>(queueName, due, { concurrency: AT_ONCE })
  replica.onStop('deliveries', () => { stopping.abort(); return worker.close() })
  const offer = replica.loop({
    name: 'offer deliveries', everyMs: SWEEP_MS,
    run: offerDeliveries({ db, queue: queues.queue<DeliveryJob>(queueName), clock, set: settings.set, setAlarm: epochMs => offer.setAlarm(epochMs) }),
  })
  bus.onWake('deliveries', () => offer.notify())
  generations.onChange(() => offer.notify())
}
