import { isRecord, machineName, type Json, type MachineLabel } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'
import { textAt } from './json-read.js'

/** 2 to 32 printable ASCII characters, not beginning with '_'. */
const keys = { installation: 'yardmaster-installation', worker: 'yardmaster-worker', attempt: 'yardmaster-attempt' }
const LONGEST_VALUE = 255

export type UpcloudLabel = { key: string; value: string }

/** Values are printable ASCII: all else of a worker's name is written as in a URL. */
export function labelsOf({ installation, worker, attempt }: MachineLabel): UpcloudLabel[] {
  const written = worker.replaceAll(/[^ -$&-~]+/g, part => encodeURIComponent(part))
  if (written.length > LONGEST_VALUE) {
    throw new ProviderError(`the worker's name '${worker}' is too long for a label of UpCloud: ${written.length} characters as it is written there, of at most ${LONGEST_VALUE}`, { failureClass: 'configuration' })
  }
  return [{ key: keys.installation, value: installation }, { key: keys.worker, value: written }, { key: keys.attempt, value: String(attempt) }]
}

/** Servers have {"label": […]}, storages a bare list. null: not one of ours. */
export function labelIn(labels: Json | undefined): MachineLabel | null {
  const list = isRecord(labels) ? labels['label'] : labels
  const values = new Map(Array.isArray(list) ? list.map(item => [textAt(item, 'key'), textAt(item, 'value')]) : [])
  const installation = values.get(keys.installation)
  const worker = values.get(keys.worker)
  const attempt = Number(values.get(keys.attempt) ?? Number.NaN)
  return installation && worker && Number.isSafeInteger(attempt) ? { installation, worker: decoded(worker), attempt } : null
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}

export const ofInstallation = (installation: string): string => `label=${encodeURIComponent(`${keys.installation}=${installation}`)}`
export const ofMachine = (label: MachineLabel): string => labelsOf(label).map(({ key, value }) => `label=${encodeURIComponent(`${key}=${value}`)}`).join('&')

/**
 * A disk cannot be labelled by the request that makes it, so it has the machine's name for its title. What `machineName` left out of the
 * worker's name is not in there.
 */
export function labelOfTitle(title: string | null, installation: string): MachineLabel | null {
  const [, worker, attempt] = title?.match(/^yard-(.+)-[0-9a-z]+-(\d+)$/) ?? []
  if (worker === undefined || attempt === undefined) return null
  const label = { installation, worker, attempt: Number(attempt) }
  return machineName(label) === title ? label : null
}
