import { expect, test } from 'vitest'
import { machineName, type Json } from '@yardmaster/domain'
import type { ProviderError } from '../provider-error.js'
import { labelIn, labelOfTitle, labelsOf } from './labels.js'
import { serverBody } from './server-body.js'
import { serverOptions } from './server-options.js'

const installation = '0b1c2d3e-4f50-4161-8172-8394a5b6c7d8'
const image = { id: '01000000-0000-4000-8000-000020070100', title: 'Debian GNU/Linux 12 (Bookworm)', size: 10, template: 'cloud-init' as const }
const request = { name: 'yard-up-1-0b1c2d3e-3', label: { installation, worker: 'up_1', attempt: 3 }, worker: { name: 'up_1', password: 'p', engines: ['ws://e:1'] } }
const body = (hostconfig: { [name: string]: Json }, place: { zone: string | null; plan: string | null } = { zone: null, plan: null }) =>
  serverBody(request, serverOptions({ options: { image: image.title, hostconfig }, ...place }), image)

test('with nothing said: what the API needs, and labels by which it is found', () => {
  expect(body({})).toEqual({
    server: {
      zone: 'de-fra1', title: request.name, hostname: 'up-1', plan: '1xCPU-2GB', metadata: 'yes', password_delivery: 'none', login_user: { username: 'root', create_password: 'no' },
      labels: { label: [{ key: 'yardmaster-installation', value: installation }, { key: 'yardmaster-worker', value: 'up_1' }, { key: 'yardmaster-attempt', value: '3' }] },
      storage_devices: { storage_device: [{ action: 'clone', storage: image.id, title: request.name, size: 10, tier: 'maxiops' }] },
      networking: { interfaces: { interface: [{ type: 'utility', ip_addresses: { ip_address: [{ family: 'IPv4' }] } }, { type: 'public', ip_addresses: { ip_address: [{ family: 'IPv4' }] } }] } },
      firewall: 'off', simple_backup: 'no', timezone: 'UTC', remote_access_enabled: 'no',
    },
  })
})

test('with everything said', () => {
  const hostconfig = {
    zone: 'fi-hel1', plan: 'custom', coreNumber: '2', memoryAmount: 4096, hostname: 'h.example.org', sshKeys: ['ssh-rsa A'], osDiskSize: 30, userData: '\n  #!/bin/sh\ntrue\n', storageTier: 'standard',
    metadata: false, firewall: true, networks: ['03-n'], publicNetwork: false, utilityNetwork: false, serverGroup: '0b-g', timezone: 'Europe/Berlin', simpleBackup: '0100,daily', labels: { team: 'a' },
  }
  expect(body(hostconfig, { zone: 'se-sto1', plan: null })).toMatchObject({
    server: {
      zone: 'se-sto1', plan: 'custom', core_number: 2, memory_amount: 4096, hostname: 'h.example.org', metadata: 'no', login_user: { ssh_keys: { ssh_key: ['ssh-rsa A'] } },
      user_data: '#!/bin/sh\ntrue\n', storage_devices: { storage_device: [{ size: 30, tier: 'standard' }] },
      networking: { interfaces: { interface: [{ type: 'private', network: '03-n', ip_addresses: { ip_address: [{ family: 'IPv4' }] } }] } },
      firewall: 'on', server_group: '0b-g', timezone: 'Europe/Berlin', simple_backup: '0100,daily',
      labels: { label: expect.arrayContaining([{ key: 'team', value: 'a' }]) },
    },
  })
})

const refused: [name: string, hostconfig: { [name: string]: Json }, message: RegExp][] = [
  ['a disk smaller than the image', { osDiskSize: 5 }, /osDiskSize 5 is smaller than the image 'Debian GNU\/Linux 12 \(Bookworm\)', which has 10 GiB/],
  ['no network', { publicNetwork: false, utilityNetwork: false }, /no network at all/],
  ['a property that is no number', { osDiskSize: 'large' }, /osDiskSize is to be a whole number above 0, but was rendered as "large"/],
  ['a list where a text is due', { zone: ['a'] }, /zone is to be a text/],
  ['one of our own labels', { labels: { 'yardmaster-worker': 'x' } }, /yardmaster-/],
]
test.each(refused)('%s is refused before the API is asked', (_name, hostconfig, message) => {
  const attempt = () => body(hostconfig)
  expect(attempt).toThrow(message)
  expect(attempt).toThrow(expect.objectContaining({ failureClass: 'configuration' }) as ProviderError)
})

const names = ['up-1', 'up_1', 'Ärger 100%', 'a=b&c', "it's"]
test.each(names)('the worker %j comes back from its labels, of servers and of storages', worker => {
  const label = { installation, worker, attempt: 7 }
  const labels = labelsOf(label).map(own => ({ ...own }))
  for (const { value } of labels) expect(value).toMatch(/^[ -~]{0,255}$/)
  expect(labelIn({ label: labels })).toEqual(label)
  expect(labelIn(labels)).toEqual(label)
})

test('a disk without labels is told by its title, of this installation alone', () => {
  expect(labelOfTitle('yard-up-1-0b1c2d3e-3', installation)).toEqual({ installation, worker: 'up-1', attempt: 3 })
  expect(labelOfTitle(machineName({ installation, worker: 'Größe/2 with a name for which a title has no room at all', attempt: 3 }), installation)).toMatchObject({ installation, attempt: 3 })
  expect(labelOfTitle('yard-up-1-ffffffff-3', installation)).toBeNull()
  expect(labelOfTitle('database', installation)).toBeNull()
  expect(labelOfTitle(null, installation)).toBeNull()
})
