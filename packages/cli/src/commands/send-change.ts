import { readFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Context } from '../context.js'
import { errorCode, messageOf, Problem } from '../problem.js'
import { addressFor } from './remote-options.js'

type Options = {
  url?: string
  json?: boolean
  who: string
  repository?: string
  branch?: string
  category?: string
  revision?: string
  revisionFile?: string
  revision_file?: string
  property: { [name: string]: string }
  comments?: string
  logfile?: string
  files: string[]
  project?: string
  codebase?: string
  when?: number
  revlink?: string
  secretFile?: string
}

/** As long as a restart or an upgrade may take. */
const PATIENCE_MS = 60_000
const PAUSE_MS = 500
const ANSWER_MS = 30_000
/** EX_TEMPFAIL of sysexits: sent again later it may be accepted. */
const NOT_REACHED = 75

function property(text: string, earlier: { [name: string]: string }): { [name: string]: string } {
  const at = text.search(/[:=]/)
  if (at < 1) throw new InvalidArgumentError('expected NAME:VALUE')
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) }
}

function time(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000
  if (!Number.isFinite(seconds)) throw new InvalidArgumentError('expected epoch seconds, or a date as 2026-11-23T12:00:00Z')
  return seconds
}

function contentOf(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Problem(`${option}: cannot read ${file} (${errorCode(error) ?? messageOf(error)})`, { cause: error })
  }
}

async function changeOf(options: Options, files: string[]) {
  const { who, repository, branch, category, project, codebase, when, revlink } = options
  const given = { author: who, repository, branch, category, project, codebase, when_timestamp: when, revlink }
  const revisionFile = options.revisionFile ?? options.revision_file
  const revision = revisionFile === undefined ? options.revision : contentOf(revisionFile, '--revision-file').trim()
  const comments = options.logfile === undefined ? options.comments : options.logfile === '-' ? await readAll(process.stdin) : contentOf(options.logfile, '--logfile')
  return { ...given, revision, comments, files: [...options.files, ...files], properties: options.property }
}

type Answer = { status: number; text: string }

/** A server that is away, or cannot just now, is asked again; the key makes one change of it, however often it arrives. Null: until the end nobody took it. */
async function send(url: string, { body, headers }: { body: string; headers: { [name: string]: string } }, { clock, warn }: Context): Promise<Answer | null> {
  const since = clock.monotonic()
  let told: string | null = null
  for (;;) {
    const late = new AbortController()
    const cancel = clock.setTimeout(() => late.abort(new Error(`no answer within ${ANSWER_MS / 1_000} s`)), ANSWER_MS)
    const answer = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal: late.signal }).then(async response => ({ status: response.status, text: (await response.text()).trim() }))
      .catch((error: unknown): string => {
        const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
        return errorCode(cause) ?? messageOf(cause)
      })
      .finally(cancel)
    if (typeof answer !== 'string' && answer.status < 500 && answer.status !== 429) return answer
    const reason = typeof answer === 'string' ? answer : `HTTP ${answer.status}: ${answer.text}`
    if (clock.monotonic() - since >= PATIENCE_MS) {
      warn(`not sent: ${url} did not take the change (${reason})`)
      return null
    }
    if (reason !== told) warn(`${url} does not take the change (${reason}); trying again`)
    told = reason
    await clock.sleep(PAUSE_MS)
  }
}

export function addSendChange(program: Command, context: Context, finish: (code: number) => void): void {
  program.command('send-change').alias('sendchange').description('tell of a change, for instance from a hook of a repository (changeHooks.base in the configuration)')
    .argument('[files...]', 'the files that it touches')
    .requiredOption('-W, --who <author>', 'who made it')
    .option('-R, --repository <repository>', 'where it was made')
    .option('-b, --branch <branch>', 'on which branch')
    .option('-C, --category <category>', 'its category')
    .option('-r, --revision <revision>', 'its revision')
    .option('--revision-file <file>', 'a file that has the revision in it')
    .addOption(new Option('--revision_file <file>', "Buildbot's name of it").hideHelp())
    .option('-p, --property <name:value>', 'a property of the change; may be repeated', property, {})
    .option('-c, --comments <text>', 'what it says')
    .option('-F, --logfile <file>', 'a file that has the comments in it; - is standard input')
    .option('--files <files>', 'files that it touches, separated by commas', (text: string) => text.split(',').filter(file => file !== ''), [])
    .option('-P, --project <project>', 'its project')
    .option('--codebase <codebase>', 'its codebase')
    .option('-w, --when <time>', 'when it was made: epoch seconds or a date; now unless said', time)
    .option('-l, --revlink <url>', 'a page that shows it')
    .option('--secret-file <file>', "a file with the hook's secret in it; else the environment's YARD_CHANGE_SECRET is taken")
    .option('--url <url>', 'address of the Yardmaster (default http://YARD_HOST:YARD_PORT)')
    .option('--json', 'print JSON, for scripts')
    .addHelpText('after', `
The exit code is 0 when the change was accepted, 1 when it was refused, and ${NOT_REACHED} when nobody answered for a minute: then send it again.

Example:
  $ yard send-change --who "Ann <ann@example.org>" --repository /srv/git/hello.git --branch main --revision 4ae31b src/main.c
`)
    .action(async (files: string[], options: Options) => {
      const secret = options.secretFile === undefined ? context.env['YARD_CHANGE_SECRET'] : contentOf(options.secretFile, '--secret-file').trim()
      const headers = { 'content-type': 'application/json', 'idempotency-key': context.random.uuid(), ...(secret === undefined || secret === '' ? {} : { authorization: `Bearer ${secret}` }) }
      const url = `${addressFor(options, context)}/change_hook/base`
      const answer = await send(url, { body: JSON.stringify(await changeOf(options, files)), headers }, context)
      if (answer === null) return finish(NOT_REACHED)
      if (answer.status >= 300) throw new Problem(`${url} refused the change: ${answer.text} (HTTP ${answer.status})`)
      context.print(options.json ? JSON.stringify({ accepted: true, note: answer.text }) : answer.text)
    })
}
