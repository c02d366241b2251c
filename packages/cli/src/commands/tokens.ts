import { longestTokenDays, routes, type Token } from '@yardmaster/rest'
import { InvalidArgumentError, type Command } from 'commander'
import { text } from 'node:stream/consumers'
import type { Context } from '../context.js'
import { keepToken } from '../kept-tokens.js'
import { Problem } from '../problem.js'
import { connectRemote } from '../remote.js'
import { duration } from '../render.js'
import { printTable } from './listing.js'
import { addressFor, remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

const days = (given: string): number => {
  const count = Number(given)
  if (!Number.isInteger(count) || count < 1 || count > longestTokenDays) throw new InvalidArgumentError(`expected a whole number from 1 to ${longestTokenDays}`)
  return count
}

const stateOf = ({ works, revoked, expiresAt }: Token, now: number): string => (revoked ? `revoked by ${revoked.by}` : works ? `works for ${duration(expiresAt - now)}` : 'has expired')

export function addTokens(program: Command, context: Context): void {
  const token = program.command('token').description('API tokens: what programs sign in with')
  withRemote(token.command('list').description('list your tokens').option('--all', 'those of everybody'))
    .action(async ({ all, ...options }: RemoteOptions & { all?: boolean }) => {
      const { tokens } = await remoteFor(options, context).yard(client => client.call(routes.tokens.list, { query: { all: all === true } }))
      if (options.json) return context.print(JSON.stringify(tokens))
      if (tokens.length === 0) return context.print('there are none')
      const now = context.clock.now() / 1000
      printTable(context, ['ID', 'USER', 'NAME', 'SCOPES', 'USED', 'STATE'], tokens.map(one =>
        [String(one.id), one.username, one.name, one.scopes.join(' '), one.usedAt === null ? 'never' : `${duration(now - one.usedAt)} ago`, stateOf(one, now)]))
    })
  withRemote(token.command('create').description('make a token and print it, this once').argument('<name>', 'what it is for'))
    .option('--scope <scopes...>', 'read, control, names of actions, and limits project:GLOB, builder:GLOB', ['read', 'control'])
    .option('--days <count>', 'how long it works', days, 90)
    .addHelpText('after', '\nExamples:\n  $ yard token create laptop\n  $ yard token create nightly --scope read force builder:docs-* --days 30\n')
    .action(async (name: string, { scope, days: count, ...options }: RemoteOptions & { scope: string[]; days: number }) => {
      const created = await remoteFor(options, context).yard(client => client.call(routes.tokens.create, { body: { name, scopes: scope, days: count } }))
      context.print(options.json ? JSON.stringify(created) : created.secret)
      if (!options.json) context.warn(`token ${created.token.id} of ${created.token.username}: keep it now, it is not told again`)
    })
  withRemote(token.command('revoke').description('end a token at once').argument('<token>', 'its id'))
    .action(async (id: string, options: RemoteOptions) => {
      const { token: revoked } = await remoteFor(options, context).yard(client => client.call(routes.tokens.revoke, { params: { token: id } }))
      context.print(options.json ? JSON.stringify(revoked) : `the token '${revoked.name}' works no more`)
    })
}

export function addLogin(program: Command, context: Context): void {
  withRemote(program.command('login').description('keep an API token for all further commands; it is read from standard input'))
    .addHelpText('after', '\nMake one on the page Tokens. Without that, YARD_TOKEN is used.\n\nExample:\n  $ yard login --url https://ci.example.org < token\n')
    .action(async (options: RemoteOptions) => {
      if (process.stdin.isTTY) context.warn('paste the token, and end with Enter and Ctrl-D:')
      const given = (await text(process.stdin)).trim()
      if (given === '') throw new Problem('no token was given on standard input')
      const address = addressFor(options, context)
      await connectRemote(address, { token: given }).yard(client => client.call(routes.tokens.list, {}))
      context.print(`kept in ${keepToken(address, given, context.env)} for ${address}`)
    })
  withRemote(program.command('logout').description('forget the token that yard login kept; it works until it is revoked'))
    .action((options: RemoteOptions) => {
      keepToken(addressFor(options, context), null, context.env)
      context.print('forgotten')
    })
}
