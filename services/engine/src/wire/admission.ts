import { timingSafeEqual } from 'node:crypto'
import type { Configuration } from '@yardmaster/domain'
import type { Secrets } from '@yardmaster/runtime'
import { authenticate, digest, type Credentials } from './credentials.js'
import type { WantedMachines } from './wanted-machines.js'

/** Who was let in. `instanceId`: the machine whose password it came with; null: it came with one that the configuration gives. */
export type Guest = { name: string; instanceId: number | null }

/** `refused` for wrong credentials, `closed` while this engine takes nobody, `unwanted` for a latent worker whose machine nobody wants. */
export type Admission = Guest | 'refused' | 'closed' | 'unwanted'

export type AdmissionDeps = {
  /** Null while this engine takes nobody. */
  configuration(): Configuration | null
  secrets: Secrets
  machines: WantedMachines
}

/** Whether a worker may come in: by the password that the configuration gives it, or by that of its machine, as long as the machine is wanted. */
export async function admission({ configuration, secrets, machines }: AdmissionDeps, credentials: Credentials): Promise<Admission> {
  const active = configuration()
  if (!active) return 'closed'
  const { name, password } = credentials
  const worker = active.workers.find(candidate => candidate.name === name)
  if (!worker || worker.password !== null) {
    if (!authenticate(active, secrets, credentials)) return 'refused'
    if (worker?.pool == null) return { name, instanceId: null }
    // Which machine it is on is told when its session is opened: what is known here may be a moment old.
    return await machines.find(name, () => true) ? { name, instanceId: null } : 'unwanted'
  }
  const given = digest(password)
  const machine = await machines.find(name, ({ passwordHash }) => passwordHash?.length === given.length && timingSafeEqual(given, passwordHash))
  return machine ? { name, instanceId: machine.instanceId } : 'refused'
}
