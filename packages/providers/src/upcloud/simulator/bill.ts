import type { Meter, World } from './world.js'

/** `amount` in units of the account's currency (100 credits). */
export type BillLine = {
  resource: string
  kind: Meter['kind']
  title: string
  server: string | null
  zone: string
  items: { [item: string]: number }
  /** Epoch ms of the simulator's time. */
  from: number
  to: number | null
  hours: number
  amount: number
}

/** What one server cost with its disks and addresses. `over`: nothing of it is paid for any more. */
export type MachineBill = { uuid: string; title: string; labels: { [key: string]: string }; amount: number; over: boolean }

export type Bill = { account: string; currency: string; until: number; total: number; machines: MachineBill[]; lines: BillLine[] }

const hourMs = 3_600_000

export function hoursOf(fromMs: number, toMs: number, roundUp: boolean): number {
  const hours = Math.max(0, toMs - fromMs) / hourMs
  // A second that was begun belongs to an hour that was begun.
  return roundUp ? Math.max(1, Math.ceil(hours - 1e-9)) : hours
}

const toSixDigits = (value: number) => Math.round(value * 1_000_000) / 1_000_000

function creditsPerHour(world: World, meter: Meter): number {
  const prices = world.prices.get(meter.zone)
  return Object.entries(meter.items).reduce((sum, [item, units]) => {
    const price = prices?.[item]
    return price === undefined ? sum : sum + (units / price.amount) * price.price
  }, 0)
}

function lineOf(world: World, meter: Meter): BillLine {
  const { resource, kind, title, server, zone, items, from, to } = meter
  const hours = hoursOf(from, to ?? world.clock.now(), world.roundUpToHours)
  return { resource, kind, title, server, zone, items, from, to, hours, amount: toSixDigits(creditsPerHour(world, meter) * hours / 100) }
}

function machinesOf(world: World, lines: readonly BillLine[]): MachineBill[] {
  const uuids = new Set(lines.flatMap(({ server }) => server ?? []))
  return [...uuids].map(uuid => {
    const own = lines.filter(({ server }) => server === uuid)
    const server = world.meters.findLast(({ resource }) => resource === uuid)
    return {
      uuid,
      title: server?.title ?? uuid,
      labels: Object.fromEntries((server?.labels ?? []).map(({ key, value }) => [key, value])),
      amount: toSixDigits(own.reduce((sum, { amount }) => sum + amount, 0)),
      over: own.every(({ to }) => to !== null),
    }
  })
}

/** What a main account owes since the simulator was started, up to now. */
export function billOf(world: World, account: string): Bill {
  const lines = world.meters.filter(({ owner }) => owner === account).map(meter => lineOf(world, meter))
  return {
    account,
    currency: world.accounts.get(account)?.details['currency'] ?? 'EUR',
    until: world.clock.now(),
    total: toSixDigits(lines.reduce((sum, { amount }) => sum + amount, 0)),
    machines: machinesOf(world, lines),
    lines,
  }
}

/** Credits that are left of what the account had at the start. */
export function creditsLeft(world: World, account: string): number {
  const had = world.accounts.get(account)?.credits ?? 0
  return world.meters.reduce((left, meter) => (meter.owner === account ? left - lineOf(world, meter).amount * 100 : left), had)
}
