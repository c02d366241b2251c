import type { LockUser } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { duration } from '../render.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

export function addLocks(program: Command, context: Context): void {
  withRemote(program.command('locks').description('list the locks in use: who holds them, and who waits, in order'))
    .addHelpText('after', '\nExample:\n  $ yard locks\n')
    .action(async (options: RemoteOptions) => {
      const locks = await remoteFor(options, context).yard(client => client.locks())
      if (options.json) return context.print(JSON.stringify(locks))
      const now = context.clock.now() / 1000
      const line = (lock: string, what: string, { builder, number, step, mode, count, since }: LockUser) =>
        [lock, what, `${builder}/${number}`, step?.name ?? '-', mode === 'counting' && count > 1 ? `${mode} ${count}` : mode, duration(now - since)]
      const rows = locks.flatMap(({ name, worker, maxCount, holders, waiters }) => {
        const lock = `${name}${worker === null ? '' : ` on ${worker}`} (${maxCount})`
        return [...holders.map(user => line(lock, 'holds', user)), ...waiters.map(user => line(lock, 'waits', user))]
      })
      if (rows.length === 0) return context.print('no lock is in use')
      printTable(context, ['LOCK', '', 'BUILD', 'STEP', 'HOW', 'FOR'], rows)
    })
}
