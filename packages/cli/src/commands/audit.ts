import { routes, type AuditRecord } from '@yardmaster/rest'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Context } from '../context.js'
import { duration } from '../render.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type AuditOptions = RemoteOptions & { actor?: string; action?: string; thing?: string; id?: number; outcome?: 'done' | 'refused'; before?: number; limit: number }

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

const detail = ({ note, parameters }: AuditRecord): string => note ?? (Object.keys(parameters).length > 0 ? JSON.stringify(parameters) : '')

export function addAudit(program: Command, context: Context): void {
  withRemote(program.command('audit').description('list who did what, the newest first'))
    .option('--actor <actor>', 'user:NAME or token:USER/NAME')
    .option('--action <name>', 'stop, force, pause and so on')
    .option('--thing <kind>', 'builds, workers and so on')
    .option('--id <number>', 'that one', wholeNumber)
    .addOption(new Option('--outcome <outcome>', 'whether they might').choices(['done', 'refused']))
    .option('--before <id>', 'those before this one', wholeNumber)
    .option('-n, --limit <count>', 'so many', wholeNumber, 30)
    .addHelpText('after', '\nExamples:\n  $ yard audit --thing workers --action pause\n  $ yard audit --outcome refused\n')
    .action(async ({ url, json, ...query }: AuditOptions) => {
      const answer = await remoteFor(url === undefined ? {} : { url }, context).yard(client => client.call(routes.audit.list, { query }))
      if (json) return context.print(JSON.stringify(answer))
      if (answer.actions.length === 0) return context.print('there is nothing')
      const now = context.clock.now() / 1000
      printTable(context, ['ID', 'AGO', 'ACTOR', 'ADDRESS', 'ACTION', 'THING', 'OUTCOME', ''], answer.actions.map(one =>
        [String(one.id), duration(now - one.at), one.actor, one.address ?? '', one.action, `${one.thing}${one.thingId === null ? '' : ` ${one.thingId}`}`, one.outcome, detail(one).slice(0, 120)]))
      if (answer.next !== null) context.warn(`there is more: --before ${answer.next}`)
    })
}

export function addAccess(program: Command, context: Context): void {
  withRemote(program.command('access').description('say whether you may do something, and which rule decides').argument('<action>', 'stop, force, pause and so on').argument('<thing>', 'builds, workers and so on').argument('[id]', 'which one', wholeNumber))
    .addHelpText('after', '\nExample:\n  $ yard access pause workers 7\n')
    .action(async (action: string, thing: string, id: number | undefined, options: RemoteOptions) => {
      const { access } = await remoteFor(options, context).yard(client => client.call(routes.access.explain, { query: { action, thing, ...(id !== undefined && { id }) } }))
      context.print(options.json ? JSON.stringify(access) : `${access.allowed ? 'yes' : 'no'}: ${access.why}`)
    })
}
