import type { Command } from 'commander'
import type { Context } from '../context.js'
import { settingFlags, withSettings } from '../settings-flags.js'
import { jsonOutput, readableOutput } from '../up/output.js'
import { nameQuickstartRepository, upSettings } from '../up/preflight.js'
import { up } from '../up/up.js'

/** A terminal's Ctrl-C reaches npm too, which passes it on: that is one wish, not two. */
const sameSignalMs = 300

/** The first signal asks for an orderly stop, a later one for the end. */
function stopSignals({ clock, onSignal, warn }: Context): { stop: AbortSignal; kill: AbortSignal } {
  const stop = new AbortController()
  const kill = new AbortController()
  let firstAt: number | null = null
  onSignal(() => {
    firstAt ??= clock.monotonic()
    if (stop.signal.aborted && clock.monotonic() - firstAt >= sameSignalMs) {
      warn('second signal: killing what is still there')
      kill.abort()
    }
    stop.abort()
  })
  return { stop: stop.signal, kill: kill.signal }
}

export function addUp(program: Command, context: Context): void {
  const command = program.command('up')
    .description('run a whole installation here: PostgreSQL, NATS, every role and one worker; Ctrl-C stops it')
    .addHelpText('after', `
The state stays in the state folder; the next start goes on with it. Without -c, and without a yard.config.ts in the
current folder, the quickstart configuration is used: it builds the git repository of the current folder.

Examples:
  $ yard up
  $ yard up -c my.config.ts --port 9000
  $ DATABASE_URL=postgresql://user:password@host/database yard up
`)
  withSettings(command).option('--json', 'one JSON object per line').action(async (options: { [option: string]: unknown }) => {
    const settings = await upSettings(context.env, settingFlags(options))
    nameQuickstartRepository(settings, context.env)
    const outputOptions = { write: context.print, clock: context.clock, colours: context.colours, json: options.json === true }
    const output = outputOptions.json ? jsonOutput(outputOptions) : readableOutput(outputOptions)
    await up({ settings, env: context.env, clock: context.clock, random: context.random, output, ...stopSignals(context) })
  })
}
