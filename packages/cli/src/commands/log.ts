import type { Build } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { paintLine, printLogs } from '../log-printer.js'
import { Problem } from '../problem.js'
import { patient } from '../remote.js'
import { duration, exitCodeOf, paintFor, paintResult, resultText } from '../render.js'
import { findBuild } from '../resources.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

/** The last line about a build that was waited for, on standard error: standard output holds the log alone. */
export function tellResult(build: Build, context: Context): void {
  const took = build.started_at === null || build.complete_at === null ? '' : ` after ${duration(build.complete_at - build.started_at)}`
  const paint = paintFor(context.colours)
  context.warn(`build ${build.buildid}: ${paintResult(paint, build.results, resultText(build.results))}${took}${build.state_string === '' ? '' : ` (${build.state_string})`}`)
}

type LogOptions = RemoteOptions & { follow?: boolean }

export function addLog(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('log').description('print the log of a build')
    .argument('<build>', 'its id, BUILDER/NUMBER, or "last"').argument('[step]', 'only this step, by name or number'))
    .option('-f, --follow', 'go on until the build is complete; the exit code is 0 for success and warnings, else 1')
    .addHelpText('after', '\nExamples:\n  $ yard log last --follow\n  $ yard log hello/12 test\n')
    .action(async (reference: string, step: string | undefined, options: LogOptions) => {
      const remote = remoteFor(options, context)
      const paint = paintFor(context.colours)
      const follow = options.follow === true
      const outcome = await printLogs({
        remote: follow ? patient(remote, context) : remote, clock: context.clock, build: await findBuild(remote, reference), step: step ?? null, follow,
        onStep: ({ name }) => { if (step === undefined && !options.json) context.print(paint.bold(`== ${name}`)) },
        onLine: line => context.print(options.json ? JSON.stringify(line) : paintLine(line, paint)),
      })
      if (step !== undefined && outcome.steps === 0) throw new Problem(`build ${outcome.build.buildid} has no step ${JSON.stringify(step)}`)
      if (!follow) return
      tellResult(outcome.build, context)
      finish(exitCodeOf(outcome.build.results))
    })
}
