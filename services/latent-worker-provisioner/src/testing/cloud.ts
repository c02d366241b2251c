import type { Leftover, Machine, MachineProvider, MachineRequest } from '@yardmaster/domain'

type Fault = { call: 'create' | 'remove' | 'list' | 'get'; /** Whether what is asked for is done all the same. */ done: boolean; error: Error | null; /** Calls that it strikes. */ times: number; /** Answers only when the caller gives up, or this resolves. */ until?: Promise<void> }

/** A provider for unit tests: what is there is a map, and what goes wrong is said by the test. */
export class Cloud implements MachineProvider {
  readonly version = 1
  readonly machines = new Map<string, Machine>()
  readonly leftovers = new Map<string, Leftover>()
  readonly requests: MachineRequest[] = []
  readonly removals: string[] = []
  /** Ids that lists do not have, though they are there. */
  readonly unlisted = new Set<string>()
  #faults: Fault[] = []
  #next = 1

  fail(fault: Partial<Fault> & Pick<Fault, 'call'>): void {
    this.#faults.push({ done: false, error: new Error('the answer was lost'), times: 1, ...fault })
  }

  put(label: Machine['label'], more: Partial<Machine> = {}): Machine {
    const machine: Machine = { id: `m${this.#next++}`, label, state: 'running', detail: 'started', zone: 'z', plan: 's', createdAt: null, address: null, storages: [], ...more }
    this.machines.set(machine.id, machine)
    return machine
  }

  create(request: MachineRequest): Promise<Machine> {
    this.requests.push(request)
    return this.#answer('create', () => this.put(request.label, { state: 'starting', detail: 'maintenance' }))
  }

  list(installation: string): Promise<{ machines: Machine[]; leftovers: Leftover[] }> {
    const ours = <T extends Machine | Leftover>(things: Map<string, T>) => [...things.values()].filter(thing => thing.label.installation === installation && !this.unlisted.has(thing.id))
    return this.#answer('list', () => ({ machines: ours(this.machines), leftovers: ours(this.leftovers) }))
  }

  get(id: string): Promise<Machine | null> {
    return this.#answer('get', () => this.machines.get(id) ?? null)
  }

  remove({ id, label }: Pick<Machine, 'id' | 'label'>): Promise<'gone' | 'going'> {
    this.removals.push(id)
    const own = this.machines.get(id)?.label
    if (own && (own.installation !== label.installation || own.worker !== label.worker || own.attempt !== label.attempt)) return Promise.reject(new Error(`${id} is of another label`))
    return this.#answer('remove', () => { this.machines.delete(id); return 'gone' })
  }

  removeLeftover({ id }: Leftover): Promise<void> {
    this.leftovers.delete(id)
    return Promise.resolve()
  }

  async #answer<T>(call: Fault['call'], doIt: () => T): Promise<T> {
    const fault = this.#faults.find(candidate => candidate.call === call && candidate.times > 0)
    if (!fault) return doIt()
    fault.times -= 1
    const answer = fault.done || fault.error === null ? doIt() : null
    await fault.until
    if (fault.error) throw fault.error
    return answer as T
  }
}
