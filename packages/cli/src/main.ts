import { systemClock, systemRandom } from '@yardmaster/runtime'
import type { Context } from './context.js'
import { runCommandLine } from './program.js'

const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

function coloursWanted(env: NodeJS.ProcessEnv): boolean {
  return process.stdout.isTTY && (env.NO_COLOR === undefined || env.NO_COLOR === '') && env.TERM !== 'dumb'
}

const context: Context = {
  env: process.env,
  clock: systemClock(),
  random: systemRandom(),
  print: line => { process.stdout.write(`${line}\n`) },
  warn: line => { process.stderr.write(`${line}\n`) },
  colours: coloursWanted(process.env),
  onSignal(callback) {
    for (const name of signals) process.on(name, callback)
    return () => { for (const name of signals) process.off(name, callback) }
  },
}

// The reader has gone (yard log | head): that ends us as SIGPIPE ends other programs, once, and in order.
process.stdout.once('error', () => process.kill(process.pid, 'SIGTERM'))
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

process.exitCode = await runCommandLine(process.argv.slice(2), context)
