import type { Replica } from '@yardmaster/replica'
import type { Loop } from '@yardmaster/runtime'

const TAKE_OVER_MS = 1_000

/** Each configuration set has its own; that of `main` has the plain name. */
export const ofSet = (name: string, { set }: Replica['settings']): string => (set === 'main' ? name : `${name}.${set}`)

/** Whether this replica has the duty of its set. Who does not looks again soon: the wait for a dead holder's burial is long enough. */
export async function holdsSetDuty({ duty, clock, settings }: Replica, name: string, loop: Loop): Promise<boolean> {
  const held = await duty(ofSet(name, settings))
  if (!held) loop.setAlarm(clock.now() + TAKE_OVER_MS)
  return held
}
