import type { Build } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { paintLine, printLogs, type LogRun } from '../log-printer.js'
import type { News } from '../news.js'
import { Problem } from '../problem.js'
import type { Remote } from '../remote.js'
import { wait } from '../waiting.js'
import { duration, exitCodeOf, paintFor, paintResult, resultText } from '../render.js'
import { findBuild } from '../resources.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

/** The last line about a build that was waited for, on standard error: standard output holds the log alone. */
export function tellResult(build: Build, context: Context): void {
  const took = build.started_at === null || build.complete_at === null ? '' : ` after ${duration(build.complete_at - build.started_at)}`
  const paint = paintFor(context.colours)
  context.warn(`build ${build.buildid}: ${paintResult(paint, build.results, resultText(build.results))}${took}${build.state_string === '' ? '' : ` (${build.state_string})`}`)
}

/** Logs as they go to standard output. */
export function printing({ json }: Pick<RemoteOptions, 'json'>, context: Context): Pick<LogRun, 'onStep' | 'onLine'> {
  const paint = paintFor(context.colours)
  return {
    onStep: ({ name }) => { if (!json) context.print(paint.bold(`== ${name}`)) },
    onLine: line => context.print(json ? JSON.stringify(line) : paintLine(line, paint)),
  }
}

type LogOptions = RemoteOptions & { follow?: boolean }

export function addLog(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('log').description('print the log of a build')
    .argument('<build>', 'its id, BUILDER/NUMBER, or "last"').argument('[step]', 'only this step, by name or number'))
    .option('-f, --follow', 'go on until the build is complete; the exit code is 0 for success and warnings, else 1')
    .addHelpText('after', '\nExamples:\n  $ yard log last --follow\n  $ yard log hello/12 test\n')
    .action(async (reference: string, step: string | undefined, options: LogOptions) => {
      const build = await findBuild(remoteFor(options, context), reference)
      const print = (remote: Remote, follow: News | null) => printLogs({
        remote, build, step: step ?? null, follow, ...printing(options, context),
        ...(step !== undefined && { onStep: () => undefined }),
      })
      const outcome = options.follow === true ? await wait(options, context, ({ remote, news }) => print(remote, news)) : { result: await print(remoteFor(options, context), null), interrupted: null }
      if (outcome.interrupted !== null) return finish(outcome.interrupted)
      const { result } = outcome
      if (step !== undefined && result.steps === 0) throw new Problem(`build ${build.buildid} has no step ${JSON.stringify(step)}`)
      if (options.follow !== true) return
      tellResult(result.build, context)
      finish(exitCodeOf(result.build.results))
    })
}
