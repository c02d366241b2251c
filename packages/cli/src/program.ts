import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { SettingsError } from '@yardmaster/runtime'
import { z } from 'zod'
import { addAccess, addAudit } from './commands/audit.js'
import { addArtifacts } from './commands/artifacts.js'
import { addCheck, addConfig } from './commands/configuration.js'
import { addChangeSources } from './commands/change-sources.js'
import { addForce, addStop } from './commands/control.js'
import { addBuilders, addBuilds, addStatus } from './commands/listing.js'
import { addDeliveries } from './commands/deliveries.js'
import { addExplain } from './commands/explain.js'
import { addGenerations, addReload } from './commands/generations.js'
import { addLocks } from './commands/locks.js'
import { addNotifications } from './commands/notifications.js'
import { addLog } from './commands/log.js'
import { addInstanceControls, addInstances, addPoolControls, addPools } from './commands/machines.js'
import { addPlan } from './commands/plan.js'
import { addQueue } from './commands/queue.js'
import { addDrain, addReplicas } from './commands/replicas.js'
import { addRebuild } from './commands/rebuild.js'
import { addRoles } from './commands/roles.js'
import { addSchedulers } from './commands/schedulers.js'
import { addSearch } from './commands/search.js'
import { addSendChange } from './commands/send-change.js'
import { addLogin, addTokens } from './commands/tokens.js'
import { addTry } from './commands/try.js'
import { addUp } from './commands/up.js'
import { addUpcloudSimulator } from './commands/upcloud-simulator.js'
import { addUsers } from './commands/users.js'
import { addWorkers } from './commands/workers.js'
import type { Context } from './context.js'
import { Problem } from './problem.js'

const help = `
Examples:
  $ yard up                       run everything here
  $ yard check                    is yard.config.ts right?
  $ yard force hello --wait       build now, and watch
  $ yard log last --follow        watch the newest build
`

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version
}

function programFor(context: Context, finish: (code: number) => void): Command {
  const program = new Command('yard')
    .description('Yardmaster: CI and build orchestration in Buildbot\'s vocabulary, its master split by role')
    .version(version(), '-V, --version')
    .addHelpText('after', help)
    .showHelpAfterError('(yard --help, or yard COMMAND --help, says more)')
    .configureOutput({ writeOut: text => context.print(text.replace(/\n$/, '')), writeErr: text => context.warn(text.replace(/\n$/, '')), getOutHasColors: () => context.colours })
    // Else a command that has subcommands would take their --url and --json for its own.
    .enablePositionalOptions()
    .exitOverride()
  addUp(program, context)
  addRoles(program, context, finish)
  addCheck(program, context, finish)
  addConfig(program, context)
  addBuilders(program, context)
  addForce(program, context, finish)
  addTry(program, context, finish)
  addRebuild(program, context, finish)
  addBuilds(program, context)
  addLog(program, context, finish)
  addArtifacts(program, context)
  addStop(program, context)
  addQueue(program, context)
  addStatus(program, context)
  addLocks(program, context)
  addNotifications(program, context)
  addWorkers(program, context)
  addInstances(program, context)
  addInstanceControls(program, context)
  addPools(program, context)
  addPoolControls(program, context)
  addSchedulers(program, context)
  addExplain(program, context)
  addDeliveries(program, context)
  addPlan(program, context, finish)
  addChangeSources(program, context)
  addGenerations(program, context)
  addReload(program, context, finish)
  addSearch(program, context)
  addReplicas(program, context)
  addDrain(program, context, finish)
  addTokens(program, context)
  addLogin(program, context)
  addAudit(program, context)
  addAccess(program, context)
  addSendChange(program, context, finish)
  addUsers(program, context)
  addUpcloudSimulator(program, context)
  return program
}

/** Runs one command line (without node and the script) and answers the exit code. What the user can put right is told in a sentence, everything else with its stack. */
export async function runCommandLine(args: string[], context: Context): Promise<number> {
  let exitCode = 0
  try {
    await programFor(context, code => { exitCode = code }).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (error instanceof Problem || error instanceof SettingsError) context.warn(error.message)
    else context.warn(error instanceof Error ? error.stack ?? error.message : String(error))
    return 1
  }
}
