import { notificationStates, type Notification, type NotificationAction, type NotificationDetails } from '@yardmaster/rest'
import { Option, type Command } from 'commander'
import type { Context } from '../context.js'
import { duration } from '../render.js'
import { positive, printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type ListOptions = RemoteOptions & { reporter?: string; build?: number; state?: Notification['state'][]; limit: number; resend?: true; giveUp?: true }

const stateText = (state: Notification['state']): string => state.replace('_', ' ')

/** `yard notifications [ID]`: what was told to whom; of one, each attempt. */
export function addNotifications(program: Command, context: Context): void {
  withRemote(program.command('notifications [id]').description('list what reporters told to whom, the newest first; of one, each attempt'))
    .option('--reporter <name>', 'of this reporter')
    .option('--build <id>', 'of this build', positive)
    .addOption(new Option('--state <state...>', 'in one of these states').choices(notificationStates))
    .option('--limit <number>', 'at most so many', positive, 50)
    .option('--resend', 'send that one now, or once more')
    .option('--give-up', 'try that one no more')
    .addHelpText('after', '\nExamples:\n  $ yard notifications --state unknown gave_up refused\n  $ yard notifications 12 --resend\n')
    .action(async (id: string | undefined, options: ListOptions) => {
      const remote = remoteFor(options, context)
      if (id !== undefined) {
        const action: NotificationAction | null = options.resend ? 'resend' : options.giveUp ? 'give-up' : null
        const one = await remote.yard(client => (action ? client.controlNotification(positive(id), action) : client.notification(positive(id))))
        return options.json ? context.print(JSON.stringify(one)) : printOne(context, one)
      }
      if (options.resend || options.giveUp) throw new Error('--resend and --give-up are of one notification: give its number')
      const { reporter, build, state, limit } = options
      const { notifications } = await remote.yard(client => client.notifications({ limit, ...(reporter === undefined ? {} : { reporter }), ...(build === undefined ? {} : { build }), ...(state === undefined ? {} : { state }) }))
      if (options.json) return context.print(JSON.stringify(notifications))
      if (notifications.length === 0) return context.print('nothing was told')
      const now = context.clock.now() / 1000
      printTable(context, ['ID', 'STATE', 'REPORTER', 'WHAT', 'TO', 'TRIES', 'AGE', 'DETAIL'], notifications.map(row =>
        [String(row.id), stateText(row.state), row.reporter, row.summary, row.target, String(row.attempts), duration(now - row.createdAt), row.detail ?? '']))
    })
}

function printOne(context: Context, { id, state, reporter, summary, target, subject, remark, detail, reference, nextAt, tries }: NotificationDetails): void {
  const now = context.clock.now() / 1000
  context.print(`${id}: ${stateText(state)}: ${reporter} tells ${target} of ${subject}: ${summary}`)
  if (remark !== null) context.print(remark)
  if (nextAt !== null) context.print(nextAt > now ? `next try in ${duration(nextAt - now)}` : 'next try now')
  if (tries.length === 0 && detail !== null) context.print(detail)
  if (reference !== null) context.print(reference)
  if (tries.length > 0) printTable(context, ['TRY', 'OUTCOME', 'AGE', 'TOOK', 'DETAIL'], tries.map(row =>
    [String(row.number), row.outcome ?? 'under way', duration(now - row.startedAt), row.endedAt === null ? '-' : duration(row.endedAt - row.startedAt), row.detail ?? '']))
}
