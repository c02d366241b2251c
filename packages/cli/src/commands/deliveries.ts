import { deliveryStates, type Delivery, type DeliveryFilter } from '@yardmaster/rest'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Context } from '../context.js'
import { duration } from '../render.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type ListOptions = RemoteOptions & { hook?: string; event?: string; repository?: string; state?: Delivery['state'][]; limit: number }

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

const became = ({ state, changes, note, error, attempts }: Delivery): string => {
  if (state === 'done') return changes.length > 0 ? `${changes.length} change${changes.length === 1 ? '' : 's'}` : note
  return `${attempts === 0 ? note : `attempt ${attempts}`}${error === null ? '' : `: ${error}`}`
}

export function addDeliveries(program: Command, context: Context): void {
  const deliveries = withRemote(program.command('deliveries').description('list what hooks were told of late, and what came of it'))
    .option('--hook <name>', 'github, gitlab, base and so on')
    .option('--event <name>', 'the host\'s name of it, e.g. push')
    .option('--repository <name>', 'owner/name')
    .addOption(new Option('--state <states...>', 'what became of it').choices(deliveryStates))
    .option('-n, --limit <count>', 'so many, the newest', wholeNumber, 30)
    .addHelpText('after', '\nExamples:\n  $ yard deliveries --state failed\n  $ yard deliveries --hook github --repository acme/hello\n')
    .action(async ({ hook, event, repository, state, limit, ...options }: ListOptions) => {
      const filter: DeliveryFilter = { limit, ...(hook && { hook }), ...(event && { event }), ...(repository && { repository }), ...(state && { state }) }
      const { deliveries: found } = await remoteFor(options, context).yard(client => client.deliveries(filter))
      if (options.json) return context.print(JSON.stringify(found))
      if (found.length === 0) return context.print('there are none')
      const now = context.clock.now() / 1000
      printTable(context, ['ID', 'HOOK', 'EVENT', 'REPOSITORY', 'AGO', 'STATE', ''], found.map(delivery =>
        [String(delivery.id), delivery.hook, delivery.event, delivery.repository, duration(now - delivery.receivedAt), delivery.state, became(delivery).split('\n')[0] ?? '']))
    })
  withRemote(deliveries.command('show').description('tell one with what was sent, as JSON').argument('<delivery>', 'its id', wholeNumber))
    .action(async (id: number, options: RemoteOptions) => context.print(JSON.stringify(await remoteFor(options, context).yard(client => client.delivery(id)), null, options.json ? undefined : 2)))
  withRemote(deliveries.command('redeliver').description('have one worked on once more, from the beginning').argument('<delivery>', 'its id', wholeNumber))
    .action(async (id: number, options: RemoteOptions) => {
      const delivery = await remoteFor(options, context).yard(client => client.redeliver(id))
      context.print(options.json ? JSON.stringify(delivery) : `delivery ${id} is worked on again; yard deliveries tells what comes of it`)
    })
}
