import { machineName, sameLabel, type Json, type Leftover, type Machine } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'
import { isAbsent, type UpcloudClient } from './client.js'
import { at, textAt } from './json-read.js'
import { labelIn, labelOfTitle } from './labels.js'
import { attachedDisks } from './machines.js'

type Removable = Pick<Machine, 'id' | 'label' | 'storages'>

/** The API refuses for now: the machine is in a state that ends by itself. */
const notYet = (error: unknown): boolean => error instanceof ProviderError && error.code !== null && /_STATE_ILLEGAL$|_IN_USE$|_ATTACHED(_AS_DISK)?$|^HTTP_(409|423)$/.test(error.code)

/**
 * One step, by what the API says the machine is now, so that it does not matter who did the step before: stopped hard, deleted with its
 * disks, then looked whether every disk is gone, since what is left of them is billed for ever.
 */
export async function removeServer(client: UpcloudClient, machine: Removable, signal: AbortSignal): Promise<'gone' | 'going'> {
  const server = at(await client.find(`/server/${machine.id}`, signal) ?? undefined, 'server')
  if (server === undefined) return removeDisks(client, machine, signal)
  if (labelIn(at(server, 'labels'))?.installation !== machine.label.installation) {
    throw new ProviderError(`UpCloud's server ${machine.id} does not carry this installation's labels any more, so it is left alone: remove it yourself, or give it its labels back`, { failureClass: 'alert' })
  }
  const state = textAt(server, 'state')
  const path = `/server/${machine.id}`
  const stop = () => client.post(`${path}/stop`, { stop_server: { stop_type: 'hard' } }, signal)
  // With a disk that somebody has attached, those that are its own are removed one by one.
  const others = attachedDisks(server, machine.label).others.filter(id => !machine.storages.includes(id))
  const remove = () => client.delete(others.length > 0 ? `${path}/` : `${path}/?storages=1&backups=delete`, signal)
  if (state === 'maintenance') return 'going'
  // What is in error may never stop, and may be deleted all the same.
  if (state !== 'stopped') await allowed(stop)
  if ((state === 'stopped' || state === 'error') && await allowed(remove)) return removeDisks(client, machine, signal)
  return 'going'
}

/** false: not now, or it has just gone; a look will tell. */
async function allowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    if (notYet(error) || isAbsent(error)) return false
    throw error
  }
}

/** Of a machine that is not there any more. */
async function removeDisks(client: UpcloudClient, { id, label, storages }: Removable, signal: AbortSignal): Promise<'gone' | 'going'> {
  // Their machine may have gone before they could be labelled, or without our ever having learnt their ids.
  const own = (await client.list('/storage/private', ['storages', 'storage'], signal)).filter(storage => {
    const known = labelIn(storage['labels'])
    return textAt(storage, 'type') === 'normal' && (known === null ? textAt(storage, 'title') === machineName(label) : sameLabel(known, label))
  })
  const ids = new Set([...storages, ...own.flatMap(storage => textAt(storage, 'uuid') ?? [])])
  const left = await Promise.all([...ids].map(disk => removeDisk(client, { id: disk, label }, signal)))
  // One that is another machine's by now goes with that, or is left over one day.
  return left.some(({ there, servers }) => there && servers.every(server => server === id)) ? 'going' : 'gone'
}

/** What it was found as: nothing is removed that is attached to a server. */
async function removeDisk(client: UpcloudClient, { id, label }: Pick<Leftover, 'id' | 'label'>, signal: AbortSignal): Promise<{ there: boolean; servers: Json[] }> {
  const storage = at(await client.find(`/storage/${id}`, signal) ?? undefined, 'storage')
  if (storage === undefined) return { there: false, servers: [] }
  const own = labelIn(at(storage, 'labels')) ?? labelOfTitle(textAt(storage, 'title'), label.installation)
  if (own?.installation !== label.installation) {
    throw new ProviderError(`UpCloud's storage ${id} carries neither this installation's labels nor the title of one of its machines, so it is left alone: remove it yourself if nobody needs it`, { failureClass: 'alert' })
  }
  const servers = at(storage, 'servers', 'server')
  if (Array.isArray(servers) && servers.length > 0) return { there: true, servers }
  try {
    return { there: await client.delete(`/storage/${id}?backups=delete`, signal), servers: [] }
  } catch (error) {
    if (notYet(error)) return { there: true, servers: [] }
    throw error
  }
}

/** Resolves when it is gone or its removal has been accepted; rejects when it is not ours, in use, or busy. */
export async function removeLeftoverDisk(client: UpcloudClient, leftover: Leftover, signal: AbortSignal): Promise<void> {
  const { servers } = await removeDisk(client, leftover, signal)
  if (servers.length > 0) throw new ProviderError(`UpCloud's storage ${leftover.id} is attached to the server ${servers.join(', ')}`, { failureClass: 'retry', code: 'STORAGE_ATTACHED' })
  if (await client.find(`/storage/${leftover.id}`, signal) !== null) {
    throw new ProviderError(`UpCloud's storage ${leftover.id} is still there: it is busy`, { failureClass: 'retry', code: 'STORAGE_STATE_ILLEGAL' })
  }
}
