import { instanceStates, type Instance, type InstanceState, type Pool, type PoolAction } from '@yardmaster/rest'
import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.js'
import { Problem } from '../problem.js'
import { duration } from '../render.js'
import { positive, printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type ListOptions = RemoteOptions & { pool?: string; worker?: string; state: InstanceState[]; all?: boolean; limit: number }

/** Commander's collector of `--state booting --state ready`. */
function state(text: string, earlier: InstanceState[]): InstanceState[] {
  const known = instanceStates.find(name => name === text)
  if (!known) throw new InvalidArgumentError(`expected one of ${instanceStates.join(', ')}`)
  return [...earlier, known]
}

const money = (amount: number, currency: string): string => `${amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2)} ${currency}`

/** `ready for 5 min 2 s, building 1`. */
export function machineState(instance: Instance, now: number): string {
  const { requestedAt, createdAt, startedAt, connectedAt, condemnedAt, goneAt, unsureSince, builds, tries, failure, observed } = instance
  const since = { requested: requestedAt, creating: requestedAt, booting: startedAt ?? createdAt ?? requestedAt, ready: connectedAt ?? requestedAt, removing: condemnedAt ?? requestedAt, gone: goneAt ?? requestedAt }[instance.state]
  const age = duration(now - since)
  return [
    instance.state === 'gone' ? `gone ${age} ago` : `${instance.state} for ${age}`,
    instance.state === 'ready' ? (builds > 0 ? `building ${builds}` : 'idle') : '',
    unsureSince !== null && instance.state === 'creating' ? 'looked for' : '',
    observed === 'error' ? 'in error' : '',
    tries > 0 ? `${tries} failed ${tries === 1 ? 'try' : 'tries'}` : '',
    failure !== null ? 'failed' : '',
  ].filter(part => part !== '').join(', ')
}

const why = ({ reason, retireReason, endReason, failure }: Instance): string => failure?.message || (endReason ?? retireReason ?? reason)
const costOf = ({ cost, price }: Instance): string => (cost === null || price === null ? '-' : money(cost, price.currency))

export function addInstances(program: Command, context: Context): void {
  withRemote(program.command('instances').description('list the machines of latent workers: what state they are in, why, and what they cost'))
    .option('--pool <name>', 'only those of this pool')
    .option('--worker <name>', 'only those of this worker')
    .option('--state <state>', `only those that are ${instanceStates.join(', ')}; may be repeated`, state, [])
    .option('--all', 'also those that are gone')
    .option('--limit <number>', 'how many, the newest first', positive, 100)
    .addHelpText('after', '\nExamples:\n  $ yard instances\n  $ yard instances --pool big --all --limit 20\n')
    .action(async ({ url, json, all, ...filter }: ListOptions) => {
      const { instances, next } = await remoteFor({ url, json }, context).yard(client => client.instances({ ...filter, open: !all && !filter.state.includes('gone') }))
      if (json) return context.print(JSON.stringify(instances))
      if (instances.length === 0) return context.print(all || filter.state.length > 0 ? 'no machine is like that' : 'there is no machine now (those that are gone: --all)')
      const now = context.clock.now() / 1000
      printTable(context, ['ID', 'POOL', 'WORKER', 'STATE', 'ZONE', 'PLAN', 'BUILDS', 'COST', 'WHY'], instances.map(instance => [
        String(instance.id), instance.pool, instance.worker, machineState(instance, now), instance.zone ?? '-', instance.plan ?? '-', String(instance.uses), costOf(instance), why(instance)]))
      if (next !== null) context.warn(`there are more: these are the newest ${instances.length} (--limit)`)
    })
}

/** `yard instance`: one machine. */
export function addInstanceControls(program: Command, context: Context): void {
  const instance = program.command('instance').description('show a machine of a latent worker, or stop it')
  withRemote(instance.command('show').description('tell all that is known of a machine').argument('<id>', 'its number (see yard instances)', positive))
    .action(async (id: number, options: RemoteOptions) => {
      const found = await remoteFor(options, context).yard(client => client.instance(id))
      if (options.json) return context.print(JSON.stringify(found))
      for (const line of detailsOf(found.instance, context.clock.now() / 1000)) context.print(line)
      for (const { builder, number, startedAt, completeAt, cost } of found.builds) {
        const paid = cost === null || found.instance.price === null ? '' : `, ${money(cost, found.instance.price.currency)}`
        context.print(`  built     ${builder}/${number} for ${duration((completeAt ?? context.clock.now() / 1000) - startedAt)}${paid}`)
      }
    })
  withRemote(instance.command('stop').description('give a machine no further build, and remove it').argument('<id>', 'its number (see yard instances)', positive))
    .option('--now', 'at once: what it builds is built again elsewhere')
    .option('--reason <text>', 'shown with the machine')
    .addHelpText('after', '\nExamples:\n  $ yard instance stop 17\n  $ yard instance stop 17 --now --reason "its disk is broken"\n')
    .action(async (id: number, { url, json, now, reason }: RemoteOptions & { now?: boolean; reason?: string }) => {
      const after = await remoteFor({ url, json }, context).yard(client => client.stopInstance(id, { ...(now && { now }), ...(reason !== undefined && { reason }) }))
      context.print(json ? JSON.stringify(after) : after.state === 'gone' ? `instance ${id} is gone` : after.desired === 'gone' ? `instance ${id} is being removed` : `instance ${id} is removed once it has no build`)
    })
}

function detailsOf(instance: Instance, now: number): string[] {
  const moments = [['requested', instance.requestedAt], ['created', instance.createdAt], ['running', instance.startedAt], ['connected', instance.connectedAt], ['condemned', instance.condemnedAt], ['gone', instance.goneAt]] as const
  const facts: [string, string | null][] = [
    ['worker', `${instance.worker}, attempt ${instance.attempt} (pool ${instance.pool}, ${instance.provider})`],
    ['state', `${machineState(instance, now)} (wanted ${instance.desired}, seen ${instance.observed}${instance.detail ? ` "${instance.detail}"` : ''}${instance.operation ? `, ${instance.operation} under way` : ''})`],
    ['machine', [instance.externalId, instance.address, instance.zone, instance.plan].filter(text => text !== null).join(', ') || null],
    ['why', instance.reason], ['goes', instance.retireReason], ['ended', instance.endReason], ['failure', instance.failure && `${instance.failure.message} (${instance.failure.class})`],
    ['builds', String(instance.uses)],
    ['cost', instance.price && `${costOf(instance)} (${money(instance.price.perHour, instance.price.currency)} an hour, by ${instance.price.period === 3600 ? 'the hour' : `${instance.price.period} s`})`],
  ]
  return [
    `instance ${instance.id}`,
    ...facts.flatMap(([name, text]) => (text === null ? [] : [`  ${name.padEnd(9)} ${text}`])),
    ...moments.flatMap(([name, at]) => (at === null ? [] : [`  ${name.padEnd(9)} ${duration(now - at)} ago${at > instance.requestedAt ? `, ${duration(at - instance.requestedAt)} after it was asked for` : ''}`])),
  ]
}

/** In a few words: what holds it up. */
export function poolState({ active, paused, alert, backoff, obstacle, waiting }: Pool, now: number): string {
  const held = [
    active ? '' : 'no longer configured',
    paused ? `paused${paused.reason ? ` (${paused.reason})` : ''}` : '',
    alert ? `stopped: ${alert.reason}` : '',
    backoff ? `backing off for ${duration(backoff.until - now)}: ${backoff.reason}` : '',
  ].filter(part => part !== '')
  if (held.length === 0 && obstacle && waiting > 0) return `starts nothing: ${obstacle.reason}`
  return held.length > 0 ? held.join(', ') : 'ok'
}

export function addPools(program: Command, context: Context): void {
  withRemote(program.command('pools').description('list the pools of machines: how many there are, what they wait for, and what they cost'))
    .addHelpText('after', '\nExample:\n  $ yard pools\n')
    .action(async (options: RemoteOptions) => {
      const pools = await remoteFor(options, context).yard(client => client.pools())
      if (options.json) return context.print(JSON.stringify(pools))
      if (pools.length === 0) return context.print('no pool is configured: workers.pool(…), or a latent worker such as workers.upcloud(…), makes one')
      const now = context.clock.now() / 1000
      printTable(context, ['POOL', 'PROVIDER', 'MACHINES', 'BUILDING', 'COMING', 'GOING', 'WAITING', 'TODAY', 'BOOT', 'STATE'], pools.map(pool => {
        const { machines: { requested, creating, booting, ready, removing }, configured, spent, cap, boot } = pool
        const coming = requested + creating + booting
        return [
          pool.name, configured?.provider ?? '-', `${coming + ready}${configured ? `/${configured.max}` : ''}`, String(pool.building), String(coming), String(removing), String(pool.waiting),
          spent ? `${spent.today.toFixed(2)}${cap ? `/${cap.amount}` : ''} ${spent.currency}` : '-', boot ? duration(boot.connected.p50) : '-', poolState(pool, now)]
      }))
    })
}

const controls: { action: PoolAction; description: string; done: (name: string) => string; reason: boolean }[] = [
  { action: 'pause', description: 'start no machine for a pool; those that it has go on', done: name => `${name} is paused`, reason: true },
  { action: 'resume', description: 'start machines for a paused pool again', done: name => `${name} starts machines again`, reason: false },
  { action: 'clear-alert', description: 'start machines again for a pool that stopped after a failure', done: name => `${name} starts machines again`, reason: false },
]

/** `yard pool`: one pool. */
export function addPoolControls(program: Command, context: Context): void {
  const pool = program.command('pool').description('pause or resume a pool of machines')
  for (const { action, description, done, reason } of controls) {
    const command = withRemote(pool.command(action).description(description).argument('<pool>', 'its name'))
    if (reason) command.option('--reason <text>', 'shown with the pool')
    command.action(async (name: string, options: RemoteOptions & { reason?: string }) => {
      const remote = remoteFor(options, context)
      const pools = await remote.yard(client => client.pools())
      const found = pools.find(known => known.name === name || String(known.id) === name)
      if (!found) throw new Problem(`there is no pool ${JSON.stringify(name)}; ${pools.length === 0 ? 'none is configured' : `there are: ${pools.map(known => known.name).join(', ')}`}`)
      const after = await remote.yard(client => client.controlPool(found.id, action, options.reason === undefined ? {} : { reason: options.reason }))
      context.print(options.json ? JSON.stringify(after) : done(after.name))
    })
  }
}
