import { isDeepStrictEqual } from 'node:util'
import { sameLabel, type Leftover, type Machine, type MachineLabel, type MachineRequest } from '@yardmaster/domain'
import type { Subject } from './conformance.js'

const WITHIN_MS = 300_000
const PAUSE_MS = 1_000

/** What was expected of a provider, and what it did. */
function fail(expected: string, found: unknown): never {
  throw new Error(`expected ${expected}, found ${typeof found === 'string' ? found : JSON.stringify(found)}`)
}

export function expectThat(holds: boolean, expected: string, found: unknown): asserts holds {
  if (!holds) fail(expected, found)
}

let lastAttempt = 0

/** One rule being tried: makes machines with labels of their own, and removes all of them at the end. */
export class Trial {
  readonly signal = new AbortController().signal
  readonly #made: Machine[] = []

  constructor(readonly subject: Subject) {}

  get provider() { return this.subject.provider }
  get second() { return this.subject.second ?? this.subject.provider }

  label(worker = 'conformance', installation = this.subject.installations[0]): MachineLabel {
    return { installation, worker, attempt: ++lastAttempt }
  }

  async make(label: MachineLabel, by = this.provider): Promise<Machine> {
    return this.makeOf(this.subject.request(label), by)
  }

  async makeOf(request: MachineRequest, by = this.provider): Promise<Machine> {
    const machine = await by.create(request, this.signal)
    this.#made.push(machine)
    expectThat(sameLabel(machine.label, request.label), `the label ${JSON.stringify(request.label)} on what was made`, machine.label)
    expectThat(machine.id !== '', 'an id', machine.id)
    return machine
  }

  async listed(label: MachineLabel): Promise<Machine[]> {
    const { machines } = await this.second.list(label.installation, this.signal)
    return machines.filter(machine => sameLabel(machine.label, label))
  }

  /** Asks until it holds; lists may lag. */
  async until<T>(expected: string, look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
    const { clock, withinMs = WITHIN_MS, pauseMs = PAUSE_MS } = this.subject
    const deadline = clock.monotonic() + withinMs
    for (;;) {
      const found = await look()
      if (holds(found)) return found
      if (clock.monotonic() > deadline) fail(`${expected} within ${withinMs / 1000} s`, found)
      await clock.sleep(pauseMs)
    }
  }

  async remove(machine: Machine): Promise<void> {
    await this.until('a removal that comes to its end', () => this.second.remove(machine, this.signal), outcome => outcome === 'gone')
  }

  /** Whatever carries a label of ours goes, whether the rule held or not. */
  async cleanUp(): Promise<void> {
    for (const machine of this.#made) await this.remove(machine)
    for (const installation of this.subject.installations) {
      await this.until('nothing left in the list', async () => {
        const { machines, leftovers } = await this.second.list(installation, this.signal)
        for (const machine of machines) await this.second.remove(machine, this.signal)
        for (const leftover of leftovers) await this.second.removeLeftover(leftover, this.signal)
        return [...machines.map(({ id }) => id), ...leftovers.map(({ id }: Leftover) => id)]
      }, left => isDeepStrictEqual(left, []))
    }
  }
}
