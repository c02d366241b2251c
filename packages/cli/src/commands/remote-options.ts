import type { Command } from 'commander'
import { readSettings } from '@yardmaster/runtime'
import type { Context } from '../context.js'
import { tokenFor } from '../kept-tokens.js'
import { connectRemote, type Remote } from '../remote.js'

export type RemoteOptions = { url?: string; json?: boolean }

/** Gives the command `--url` and `--json`. */
export function withRemote(command: Command): Command {
  return command
    .option('--url <url>', 'address of the Yardmaster to ask (default http://YARD_HOST:YARD_PORT)')
    .option('--json', 'print JSON, for scripts')
}

/** The address of the Yardmaster that the command is about, without a slash at its end. */
export function addressFor(options: Pick<RemoteOptions, 'url'>, context: Context): string {
  const { host, port } = readSettings(context.env)
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return (options.url ?? `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`).replace(/\/+$/, '')
}

/** The Yardmaster that the command is about; the signal ends all that it is asked. */
export function remoteFor(options: RemoteOptions, context: Context, signal?: AbortSignal): Remote {
  const address = addressFor(options, context)
  return connectRemote(address, { token: tokenFor(address, context.env), signal })
}
