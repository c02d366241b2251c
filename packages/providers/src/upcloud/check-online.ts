import { upcloudWarnings, type MachineRequest, type OnlineFinding } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'
import type { UpcloudClient } from './client.js'
import type { Image, Images } from './images.js'
import { numberAt, recordsAt, textAt } from './json-read.js'
import { isSold, type Catalogues } from './prices.js'
import { diskSize } from './server-body.js'
import { serverOptions, type ServerOptions } from './server-options.js'

export type CheckTools = { client: UpcloudClient; images: Images; catalogues: Catalogues }
type Request = Pick<MachineRequest, 'options' | 'zone' | 'plan'>

/** Less pays for no machine for long. */
const FEW_CREDITS = 100

const error = (option: string, message: string): OnlineFinding => ({ severity: 'error', option, message })
const warning = (option: string, message: string): OnlineFinding => ({ severity: 'warning', option, message })

/** Whether what the options name exists, and what the account is. Rejects when the API cannot be reached. */
export async function checkOnline(tools: CheckTools, request: Request, signal: AbortSignal): Promise<OnlineFinding[]> {
  const account = await accountFindings(tools.client, signal)
  if (account.some(({ severity, option }) => severity === 'error' && option === 'apiToken')) return account
  const options = await refusedAs('hostconfig', () => serverOptions(request))
  if ('finding' in options) return [...account, options.finding]
  // An image that depends on the build is not known here.
  const image = options.value.image === '' ? null : await refusedAs('image', () => tools.images.find(options.value.image, options.value.zone, signal))
  return [
    ...account,
    ...await placeFindings(tools, options.value, signal),
    ...(image === null ? [] : 'finding' in image ? [image.finding] : await imageFindings(request, options.value, image.value)),
    ...await partFindings(tools.client, options.value, signal),
  ]
}

/** What the API or we refuse for good is a finding; whatever else goes wrong is not. */
async function refusedAs<T>(option: string, act: () => T | Promise<T>): Promise<{ value: T } | { finding: OnlineFinding }> {
  try {
    return { value: await act() }
  } catch (failure) {
    if (failure instanceof ProviderError && ['configuration', 'alert'].includes(failure.failureClass)) return { finding: error(option, failure.message) }
    throw failure
  }
}

async function accountFindings(client: UpcloudClient, signal: AbortSignal): Promise<OnlineFinding[]> {
  const account = await refusedAs('apiToken', () => client.get('/account', signal))
  if ('finding' in account) return [account.finding]
  const username = textAt(account.value, 'account', 'username') ?? ''
  const credits = numberAt(account.value, 'account', 'credits')
  const servers = await refusedAs('apiToken', () => client.get('/server?limit=1', signal))
  const details = await refusedAs('apiToken', () => client.get(`/account/details/${encodeURIComponent(username)}`, signal))
  const found = 'value' in details ? details.value : null
  return [
    ...('finding' in servers ? [error('apiToken', `the account '${username}' may not list servers: ${servers.finding.message}`)] : []),
    ...(credits !== null && credits <= 0 ? [error('apiToken', 'the account has no credits left: no machine can be started')] : []),
    ...(credits !== null && credits > 0 && credits < FEW_CREDITS ? [warning('apiToken', `the account has only ${credits} credits left (100 are one unit of its currency)`)] : []),
    ...(textAt(found, 'account', 'type') === 'main'
      ? [warning('apiToken', `'${username}' is the main account, whose credentials may do everything, also pay and delete it: make a sub-account that may only use the API, and take its token`)] : []),
    ...(textAt(found, 'account', 'allow_gui') === 'yes' && textAt(found, 'account', 'type') !== 'main'
      ? [warning('apiToken', `the sub-account '${username}' may use the control panel, which Yardmaster does not need: take that right from it`)] : []),
  ]
}

async function placeFindings({ client, catalogues }: CheckTools, { zone, plan, cores, memory }: ServerOptions, signal: AbortSignal): Promise<OnlineFinding[]> {
  const zones = recordsAt(await client.get('/zone', signal), 'zones', 'zone').flatMap(item => textAt(item, 'id') ?? [])
  if (!zones.includes(zone)) return [error('zone', `there is no zone '${zone}'; there are ${zones.join(', ')}`)]
  const catalogue = await catalogues.get(signal)
  if (plan === 'custom') return customFindings(client, { cores, memory }, signal)
  if (!catalogue.plans.has(plan)) return [error('plan', `there is no plan '${plan}'; there are ${[...catalogue.plans.keys()].join(', ')}, and custom`)]
  return isSold(catalogue, zone, plan) ? [] : [warning('plan', `the price list of ${zone} does not have the plan '${plan}': it may not be sold there, and its cost is not known`)]
}

async function customFindings(client: UpcloudClient, { cores, memory }: Pick<ServerOptions, 'cores' | 'memory'>, signal: AbortSignal): Promise<OnlineFinding[]> {
  const sizes = recordsAt(await client.get('/server_size', signal), 'server_sizes', 'server_size')
  const same = sizes.filter(size => numberAt(size, 'core_number') === cores)
  if (same.some(size => numberAt(size, 'memory_amount') === memory)) return []
  const amounts = same.flatMap(size => numberAt(size, 'memory_amount') ?? [])
  return [error('memoryAmount', `${cores} cores and ${memory} MiB is no size of a server${amounts.length > 0 ? `; with ${cores} cores there are ${Math.min(...amounts)} to ${Math.max(...amounts)} MiB` : ''}`)]
}

async function imageFindings({ options }: Request, server: ServerOptions, image: Image): Promise<OnlineFinding[]> {
  const size = await refusedAs('osDiskSize', () => diskSize(server, image))
  const metadata = image.template === 'cloud-init' && !server.metadata
    ? [error('metadata', `'${image.title}' is a cloud-init image, which needs the metadata service: leave metadata out`)] : []
  const warnings = upcloudWarnings(options, { native: image.template === null ? null : image.template === 'native' })
  return [...('finding' in size ? [size.finding] : []), ...metadata, ...warnings.map(({ option, message }) => warning(option.replace(/^hostconfig\./, ''), message))]
}

/** Networks and the server group. */
async function partFindings(client: UpcloudClient, { zone, networks, serverGroup }: ServerOptions, signal: AbortSignal): Promise<OnlineFinding[]> {
  const ofNetworks = await Promise.all(networks.map(async id => {
    const network = await client.find(`/network/${id}`, signal)
    if (network === null) return error('networks', `there is no network ${id} that this account may see`)
    const where = textAt(network, 'network', 'zone')
    return where === null || where === zone ? null : error('networks', `the network ${id} is in ${where}, the machine is to be in ${zone}`)
  }))
  const group = serverGroup !== null && await client.find(`/server-group/${serverGroup}`, signal) === null ? error('serverGroup', `there is no server group ${serverGroup} that this account may see`) : null
  return [...ofNetworks, group].filter(finding => finding !== null)
}
