import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { Problem } from '../problem.js'
import { flagsToEnv, settingFlags, withSettings } from '../settings-flags.js'
import { addWorkerControls } from './workers.js'
import { programOf, type Role } from '../up/programs.js'

/** Runs a role's program in place of this one: its terminal, its signals, its exit code. */
function runProgram(file: string, args: string[], env: NodeJS.ProcessEnv, context: Context): Promise<number> {
  if (!existsSync(file)) throw new Problem(`${file} is not there: build the clone with "npm run build"`)
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...args], { env, stdio: 'inherit' })
  const silence = context.onSignal(signal => child.kill(signal))
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  }).finally(silence)
}

const services: { name: Role; description: string }[] = [
  { name: 'scheduler', description: 'run a scheduler: it turns changes into build requests' },
  { name: 'engine', description: 'run an engine: it holds worker connections and drives builds' },
  { name: 'ui-api', description: 'run a ui-api: it serves REST, live events, webhooks and the web page' },
  { name: 'provisioner', description: 'run a latent-worker-provisioner: it starts and removes latent workers' },
]

export function addRoles(program: Command, context: Context, finish: (code: number) => void): void {
  for (const { name, description } of services) {
    const command = program.command(name).description(description)
      .addHelpText('after', `\nExample:\n  $ DATABASE_URL=postgresql://… NATS_URL=nats://… yard ${name} -c yard.config.ts\n`)
    withSettings(command).action(async (options: { [option: string]: unknown }) => {
      finish(await runProgram(programOf(name), [], { ...context.env, ...flagsToEnv(settingFlags(options)) }, context))
    })
  }
  const worker = program.command('worker').description('run a worker: it executes the commands of builds (see yard worker --help); or control one: pause, unpause, stop, kill, unquarantine')
    .helpOption(false).allowUnknownOption().allowExcessArguments()
    .action(async (_options: unknown, command: Command) => { finish(await runProgram(programOf('worker'), command.args, context.env, context)) })
  addWorkerControls(worker, context)
}
