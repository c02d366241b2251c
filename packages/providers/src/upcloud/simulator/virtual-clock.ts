import type { Clock } from '@yardmaster/runtime'

/** The time that the simulated cloud lives in: it may run faster than ours, and be pushed on. */
export type VirtualClock = {
  /** Epoch milliseconds. */
  now(): number
  /** Calls `fn` once when `atMs` has come; the answer cancels it. */
  at(atMs: number, fn: () => void): () => void
  speed(): number
  setSpeed(speed: number): void
  /** Lets `ms` pass at once: what is due in them is called, in order. */
  advance(ms: number): Promise<void>
  close(): void
}

type Alarm = { at: number; fn: () => void }

export function startVirtualClock(clock: Clock, { startAt, speed: firstSpeed }: { startAt: number; speed: number }): VirtualClock {
  let speed = firstSpeed
  let base = { virtual: startAt, real: clock.monotonic() }
  let cancelTimer = () => {}
  const alarms = new Set<Alarm>()

  const now = () => Math.floor(base.virtual + (clock.monotonic() - base.real) * speed)
  const rebase = (virtual: number) => { base = { virtual, real: clock.monotonic() } }
  const nextAlarm = () => [...alarms].reduce<Alarm | null>((first, alarm) => (first === null || alarm.at < first.at ? alarm : first), null)

  function fire(): void {
    for (let alarm = nextAlarm(); alarm !== null && alarm.at <= now(); alarm = nextAlarm()) {
      alarms.delete(alarm)
      alarm.fn()
    }
    arm()
  }
  function arm(): void {
    cancelTimer()
    const alarm = nextAlarm()
    cancelTimer = alarm === null ? () => {} : clock.setTimeout(fire, Math.max(0, Math.ceil((alarm.at - now()) / speed)))
  }
  async function advance(ms: number): Promise<void> {
    const until = now() + ms
    for (let alarm = nextAlarm(); alarm !== null && alarm.at <= until; alarm = nextAlarm()) {
      alarms.delete(alarm)
      rebase(Math.max(now(), alarm.at))
      alarm.fn()
      // What the alarm set going may set the next one.
      await Promise.resolve()
    }
    rebase(until)
    arm()
  }
  return {
    now,
    at: (atMs, fn) => {
      const alarm = { at: atMs, fn }
      alarms.add(alarm)
      arm()
      return () => {
        alarms.delete(alarm)
        arm()
      }
    },
    speed: () => speed,
    setSpeed: next => {
      rebase(now())
      speed = next
      arm()
    },
    advance,
    close: () => {
      alarms.clear()
      cancelTimer()
    },
  }
}
