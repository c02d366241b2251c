import type { MachineLabel, MachineProvider, MachineRequest } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import { checks } from './checks.js'
import { Trial } from './trial.js'

/** What is tried, and with what. It makes about a dozen machines, and removes them again. */
export type Subject = {
  provider: MachineProvider
  /** The same account opened once more, as another provisioner does; unless it is given, the provider itself. */
  second?: MachineProvider
  /** A machine that can be made: the smallest there is. */
  request: (label: MachineLabel) => MachineRequest
  /** Requests that can not be met, and what class of failure that is. */
  refused?: { what: string; request: (label: MachineLabel) => MachineRequest; failureClass: string }[]
  /** Two installation ids that nothing else on the account carries. */
  installations: [string, string]
  clock: Clock
  /** How long a list may lag behind, and a removal take: milliseconds. */
  withinMs?: number
  /** Between two looks. */
  pauseMs?: number
}

export type Check = { name: string; run: (trial: Trial) => Promise<void> }

/** Each rule of `MachineProvider`, to be run one after the other; `run` throws, with what was expected and what was found. */
export function conformance(subject: Subject): { name: string; run: () => Promise<void> }[] {
  return checks.map(({ name, run }) => ({
    name,
    async run() {
      const trial = new Trial(subject)
      try {
        await run(trial)
      } finally {
        await trial.cleanUp()
      }
    },
  }))
}

/** All of them; throws an AggregateError with every rule that is broken. */
export async function checkProvider(subject: Subject, told: (name: string, problem: unknown) => void = () => {}): Promise<void> {
  const problems: Error[] = []
  for (const { name, run } of conformance(subject)) {
    try {
      await run()
      told(name, null)
    } catch (error) {
      problems.push(new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error }))
      told(name, error)
    }
  }
  if (problems.length > 0) throw new AggregateError(problems, `${problems.length} rules are broken:\n${problems.map(({ message }) => `  ${message}`).join('\n')}`)
}

