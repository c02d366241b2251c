import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

/** Commander's reader of a row's number. */
function id(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('expected a number, such as 4711')
  return number
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(number)) throw new InvalidArgumentError('expected a whole number, such as 10 or -5')
  return number
}

/** What can be done to requests that wait. */
export function addQueue(program: Command, context: Context): void {
  withRemote(program.command('priority').description('move a waiting build request in its builder\'s queue').argument('<request>', 'its number', id).argument('<priority>', 'the higher is first; 0 unless said otherwise', wholeNumber))
    .addHelpText('after', '\nExamples:\n  $ yard priority 4711 100\n  $ yard priority 4711 -- -5\n')
    .action(async (request: number, priority: number, options: RemoteOptions) => {
      const changed = await remoteFor(options, context).yard(client => client.setPriority(request, priority))
      context.print(options.json ? JSON.stringify(changed) : `build request ${request} of ${changed.builder} has priority ${changed.priority}`)
    })
  withRemote(program.command('release').description('let a build request be built that is held since no worker came for it').argument('<request>', 'its number', id))
    .addHelpText('after', '\nExample:\n  $ yard release 4711\n')
    .action(async (request: number, options: RemoteOptions) => {
      const released = await remoteFor(options, context).yard(client => client.releaseRequest(request))
      context.print(options.json ? JSON.stringify(released) : `build request ${request} of ${released.builder} may be built`)
    })
  withRemote(program.command('cancel').description('cancel a build request, waiting or being built; or all of a buildset').argument('<number>', 'of the request, or of the buildset', id))
    .option('--buildset', 'the number is that of a buildset')
    .option('--reason <text>', 'shown with what is cancelled', 'cancelled by yard')
    .addHelpText('after', '\nExamples:\n  $ yard cancel 4711\n  $ yard cancel --buildset 12 --reason "wrong branch"\n')
    .action(async (number: number, options: RemoteOptions & { buildset?: boolean; reason: string }) => {
      const { reason } = options
      const done = await remoteFor(options, context).yard(client => (options.buildset ? client.cancelBuildset(number, { reason }) : client.cancelRequest(number, { reason })))
      context.print(options.json ? JSON.stringify(done) : `cancelled: ${done.cancelled} waiting, ${done.stopping} being stopped`)
    })
}
