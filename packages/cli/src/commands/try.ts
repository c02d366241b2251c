import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { TryBody, Tried, TryUser } from '@yardmaster/rest'
import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.js'
import { messageOf, Problem } from '../problem.js'
import type { Remote } from '../remote.js'
import { exitCodeOf, paintFor } from '../render.js'
import { followRequests } from '../try/follow-requests.js'
import { gitIn } from '../try/git.js'
import { readWorkingTree } from '../try/working-tree.js'
import { wait } from '../waiting.js'
import { property } from './control.js'
import { addressFor, remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type TryOptions = RemoteOptions & {
  username?: string; passwd?: string; scheduler?: string; builder: string[]; properties: { [name: string]: string }; branch?: string; baserev?: string; repository?: string; project?: string
  codebase?: string; who?: string; comment?: string; diff?: string; patchlevel: number; subdir?: string; untracked?: boolean; dryRun?: boolean; getBuilderNames?: boolean; wait: boolean; logs?: boolean
  cancelOnInterrupt?: boolean
}

const several = (value: string, earlier: string[]): string[] => [...earlier, ...value.split(',').filter(Boolean)]
const level = (value: string): number => {
  if (!/^\d{1,2}$/.test(value)) throw new InvalidArgumentError('expected a number of folders, such as 1')
  return Number(value)
}

export function addTry(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('try').description('build the changes of your working tree before anybody else has them'))
    .option('--username <name>', 'a user of the try scheduler (YARD_TRY_USER)')
    .option('--passwd <password>', 'the password; better in YARD_TRY_PASSWORD')
    .option('--scheduler <name>', 'the try scheduler, if you may use several')
    .option('-b, --builder <name>', 'only this builder; may be repeated', several, [])
    .option('--properties <name=value>', 'a property of the builds; may be repeated', property, {})
    .option('--branch <branch>', 'the branch of the remote repository that your work is for (default: the one that your branch follows)')
    .option('--baserev <revision>', 'what the diff is against (default: where your work left that branch)')
    .option('--untracked', 'with files that git does not know, unless they are ignored')
    .option('--diff <file>', 'send this patch instead; - reads standard input')
    .option('-p, --patchlevel <n>', 'folders to take off the names in the patch', level, 1)
    .option('--subdir <folder>', 'where the patch is applied, below the source')
    .option('--codebase <name>', 'what the patch is for, where the scheduler has several codebases')
    .option('--repository <url>', 'the repository that the builds are told')
    .option('--project <name>', 'the project that the builds are told')
    .option('--who <name>', 'who you are, shown with the builds (default: as git knows you)')
    .option('--comment <text>', 'shown with the builds')
    .option('--get-builder-names', 'say which builders there are to try, and stop')
    .option('-n, --dry-run', 'say what would be sent, and stop')
    .option('--no-wait', 'do not wait for the builds')
    .option('--logs', 'print the logs of steps that fail')
    .option('--cancel-on-interrupt', 'Ctrl-C cancels the builds; without this they go on')
    .addHelpText('after', '\nThe exit code is 0 if all builds end with success or warnings, else 1.\n\nExamples:\n  $ yard try\n  $ yard try -b linux -b windows --untracked --logs\n  $ git diff | yard try --diff - --baserev HEAD\n')
    .action(async (options: TryOptions) => {
      const remote = remoteFor(options, context)
      if (options.getBuilderNames) return tellBuilders(remote, options, context)
      const body = await bodyOf(options, context)
      if (options.dryRun) return tellDryRun(body, options, context)
      const tried = await remote.yard(client => client.try(userOf(options, context), body))
      if (options.json) context.print(JSON.stringify(tried))
      else context.warn(`buildset ${tried.buildsetid}: ${tried.buildrequests.map(({ builder }) => builder).join(', ')}`)
      if (options.wait) finish(await waitFor(tried, remote, options, context))
    })
}

function userOf({ username, passwd }: TryOptions, { env }: Context): TryUser {
  const user = { username: username ?? env.YARD_TRY_USER ?? '', password: passwd ?? env.YARD_TRY_PASSWORD ?? '' }
  if (user.username !== '' && user.password !== '') return user
  throw new Problem(`try wants a ${user.username === '' ? 'user: --username or YARD_TRY_USER' : 'password: YARD_TRY_PASSWORD (or --passwd)'}; the configuration's schedulers.try says who may`)
}

async function tellBuilders(remote: Remote, options: TryOptions, context: Context): Promise<void> {
  const schedulers = (await remote.yard(client => client.trySchedulers(userOf(options, context)))).filter(({ name }) => options.scheduler === undefined || name === options.scheduler)
  if (options.json) context.print(JSON.stringify(schedulers))
  else for (const name of [...new Set(schedulers.flatMap(({ builders }) => builders))].sort()) context.print(name)
}

async function bodyOf(options: TryOptions, { env }: Context): Promise<TryBody> {
  const { scheduler, builder, properties, repository, project, codebase, comment, patchlevel, subdir } = options
  const folder = process.cwd()
  const source = options.diff === undefined ? await readWorkingTree({ folder, env, untracked: options.untracked === true, ...pick({ branch: options.branch, baserev: options.baserev }) })
    : { diff: await givenDiff(options.diff), branch: options.branch ?? null, baserev: options.baserev ?? null }
  if (source.diff.trim() === '') throw new Problem(options.diff === undefined
    ? `nothing differs from ${source.baserev?.slice(0, 12) ?? ''}${source.branch === null ? '' : ` of ${source.branch}`}: there is nothing to try${options.untracked ? '' : ' (files that git does not know need --untracked)'}`
    : 'the patch is empty: there is nothing to try')
  return {
    patch: { body: source.diff, level: patchlevel, ...pick({ subdir }) }, branch: source.branch, revision: source.baserev,
    ...(builder.length > 0 ? { builders: builder } : {}), ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...pick({ scheduler, repository, project, codebase, comment, who: options.who ?? await ownName(folder, env) }),
  }
}

/** Without what was not said. */
function pick<T extends { [key: string]: string | undefined }>(options: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: string }
}

async function givenDiff(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin)
  return readFile(file, 'utf8').catch((error: unknown) => { throw new Problem(`the patch ${file} cannot be read: ${messageOf(error)}`, { cause: error }) })
}

async function ownName(folder: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const git = gitIn(folder, env)
  const [name, email] = [await git.line(['config', 'user.name']), await git.line(['config', 'user.email'])]
  return name !== null && email !== null ? `${name} <${email}>` : name ?? email ?? undefined
}

function tellDryRun({ patch: { body, ...patch }, ...rest }: TryBody, { json, scheduler }: TryOptions, context: Context): void {
  if (json) return context.print(JSON.stringify({ ...rest, patch: { ...patch, body } }))
  context.warn(`would try at ${rest.revision ?? 'the newest revision'}${rest.branch ? ` of ${rest.branch}` : ''}, on ${rest.builders?.join(', ') ?? `all builders${scheduler === undefined ? '' : ` of ${scheduler}`}`}, with this patch:`)
  context.print(body.replace(/\n$/, ''))
}

/** Ctrl-C ends the waiting; what has been asked for goes on, unless the user wants otherwise. */
async function waitFor(tried: Tried, remote: Remote, options: TryOptions, context: Context): Promise<number> {
  const { buildrequests } = tried
  const ended = new Set<number>()
  const { result, interrupted } = await wait(options, context, ({ remote: patientRemote, news }) => followRequests(buildrequests, {
    remote: patientRemote, news, paint: paintFor(context.colours), url: addressFor(options, context), logs: options.logs === true,
    print: line => (options.json ? context.warn(line) : context.print(line)), onEnd: request => ended.add(request),
  }))
  if (interrupted === null) return Math.max(...result.map(exitCodeOf))
  const open = buildrequests.filter(({ buildrequestid }) => !ended.has(buildrequestid))
  if (!options.cancelOnInterrupt) context.warn(`interrupted: ${open.length} of ${buildrequests.length} builds go on without you (--cancel-on-interrupt would end them)`)
  else {
    await Promise.all(open.map(({ buildrequestid }) => remote.control(`buildrequests/${buildrequestid}`, 'cancel', { reason: 'yard try was interrupted' })))
    context.warn(`interrupted: ${open.length} builds were cancelled`)
  }
  return interrupted
}
