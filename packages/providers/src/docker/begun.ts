import { sameLabel, type MachineLabel } from '@yardmaster/domain'
import type { DockerHost } from './hosts.js'

type Place = { host: DockerHost; labels: MachineLabel[] }

/** What is being made on which host: it counts there, though no list shows it yet. */
export function begunMachines() {
  /** `ended`: the newest look when it ended; a later look shows what came of it. */
  const begun = new Map<string, { host: DockerHost; label: MachineLabel; ended: number | null }>()
  let looks = 0
  return {
    /** Before lists are asked for. */
    look: () => ++looks,
    /** What was listed since `look`, together with what no such list can show. */
    places(look: number, listed: Place[]): Place[] {
      for (const [key, { host, ended }] of begun) if (ended !== null && ended < look && listed.some(place => place.host === host)) begun.delete(key)
      return listed.map(({ host, labels }) => {
        const more = [...begun.values()].filter(one => one.host === host && !labels.some(label => sameLabel(label, one.label)))
        return { host, labels: [...labels, ...more.map(({ label }) => label)] }
      })
    },
    /** The answer says that it ended. */
    begin(host: DockerHost, label: MachineLabel): () => void {
      const entry: { host: DockerHost; label: MachineLabel; ended: number | null } = { host, label, ended: null }
      begun.set(JSON.stringify(label), entry)
      return () => { entry.ended = looks }
    },
  }
}

export type Begun = ReturnType<typeof begunMachines>
