import type { Machine, MachineLabel, MachineRequest } from '@yardmaster/domain'
import type Docker from 'dockerode'
import { renderedOptions } from '../rendered-options.js'
import { passwordVariables, workerEnvironment } from '../worker-environment.js'

const keys = { installation: 'yardmaster.installation', worker: 'yardmaster.worker', attempt: 'yardmaster.attempt' }
const NANO = 1_000_000_000

const noLabels: { [key: string]: string } = {}

export const pullPolicies = ['always', 'missing', 'never'] as const

export const labelFilter = (installation: string): string => JSON.stringify({ label: [`${keys.installation}=${installation}`] })

export function labelOf(labels: { [key: string]: string } | null | undefined): MachineLabel | null {
  const { [keys.installation]: installation, [keys.worker]: worker, [keys.attempt]: attempt } = labels ?? noLabels
  return installation && worker && /^\d+$/.test(attempt ?? '') ? { installation, worker, attempt: Number(attempt) } : null
}

export type ContainerPlan = { image: string; pullPolicy: (typeof pullPolicies)[number]; body: Docker.ContainerCreateOptions }

/** The body of POST /containers/create for a machine. */
export function containerPlan({ label, name, options, worker }: MachineRequest): ContainerPlan {
  const read = renderedOptions('docker', options)
  const image = read.text('image') ?? ''
  const command = read.texts('command')
  const network = read.text('network')
  const memory = read.number('memory')
  const cpus = read.number('cpus')
  const password = Object.fromEntries(passwordVariables.map(variable => [variable, worker.password]))
  const environment = { ...workerEnvironment(worker), ...read.textRecord('env'), ...password }
  return {
    image,
    pullPolicy: read.oneOf('pullPolicy', pullPolicies, 'missing'),
    body: {
      Image: image,
      ...(command.length > 0 ? { Cmd: command } : {}),
      Hostname: name,
      Env: Object.entries(environment).map(([variable, value]) => `${variable}=${value}`),
      Labels: { [keys.installation]: label.installation, [keys.worker]: label.worker, [keys.attempt]: String(label.attempt) },
      HostConfig: {
        Binds: read.texts('volumes'),
        Privileged: read.yes('privileged'),
        RestartPolicy: { Name: 'no' },
        ...(network === null ? {} : { NetworkMode: network }),
        ...(memory === null ? {} : { Memory: Math.floor(memory) }),
        ...(cpus === null ? {} : { NanoCpus: Math.round(cpus * NANO) }),
        ...read.record('hostConfig'),
      },
    },
  }
}

/** It is started by whoever makes it, before anybody is told of it: one that is only `created` was left by one that died in between, and never will be. */
const states: { [state: string]: Machine['state'] } = {
  created: 'error', restarting: 'starting', running: 'running', paused: 'stopped', removing: 'stopping', exited: 'stopped', stopped: 'stopped', dead: 'error',
}

type Seen = { id: string; label: MachineLabel; status: string; detail: string; createdAt: number; networks: { [network: string]: { IPAddress: string } } | undefined }

const machine = ({ id, label, status, detail, createdAt, networks }: Seen): Machine => ({
  id, label, state: states[status] ?? 'error', detail, zone: null, plan: null, createdAt: Number.isFinite(createdAt) ? createdAt : null,
  address: Object.values(networks ?? {}).map(({ IPAddress }) => IPAddress).find(address => address !== '') ?? null, storages: [],
})

export const machineIdOf = (host: string, container: string): string => `${container}@${host}`

/** null: not one of ours. */
export function listedMachine(host: string, info: Docker.ContainerInfo): Machine | null {
  const label = labelOf(info.Labels)
  return label && machine({ id: machineIdOf(host, info.Id), label, status: info.State, detail: info.Status, createdAt: info.Created * 1000, networks: info.NetworkSettings?.Networks })
}

export function inspectedMachine(host: string, info: Docker.ContainerInspectInfo): Machine | null {
  const label = labelOf(info.Config.Labels)
  if (label === null) return null
  const { Status: status, ExitCode, Error: problem, OOMKilled } = info.State
  const why = [status === 'exited' || status === 'dead' ? `exit code ${ExitCode}` : '', OOMKilled ? 'out of memory' : '', problem].filter(text => text !== '').join(', ')
  return machine({ id: machineIdOf(host, info.Id), label, status, detail: why === '' ? status : `${status}: ${why}`, createdAt: Date.parse(info.Created), networks: info.NetworkSettings.Networks })
}
