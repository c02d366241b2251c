/**
 * The configuration that `yard up` runs when no other is named: it watches the git repository that it is started in and builds each commit,
 * with nothing but git and a POSIX shell. Copy it as a beginning of your own, and start that with `yard up -c yard.config.ts`.
 */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { changeSources, defineConfig, results, schedulers, steps, util, workers, type StepContext } from '@yardmaster/config'
import * as scripts from './scripts.js'

const repository = repositoryAround(resolve(process.env['YARD_QUICKSTART_REPOSITORY'] || process.cwd()))
const { SUCCESS, WARNINGS, FAILURE } = results
/** Forty lines of environment before each output are for when something is wrong. */
const brief = { logEnviron: false }

export default defineConfig({
  title: 'Yardmaster quickstart',
  workers: [
    workers.worker({ name: 'quickstart', password: util.secret('quickstart-worker') }),
  ],
  builders: [
    {
      name: 'quickstart',
      description: `Looks over each commit of ${repository}`,
      tags: ['quickstart'],
      workers: ['quickstart'],
      // Every commit gets its own build, also when several come while one is running.
      collapseRequests: false,
      env: { GIT_PAGER: 'cat' },
      steps: [
        steps.git({ ...brief, repository, mode: 'incremental' }),
        steps.shell({ ...brief, name: 'newest commit', command: ['git', 'log', '-1', '--stat', '--decorate'] }),
        steps.setPropertyFromCommand({ ...brief, name: 'count commits', property: 'commits', command: ['git', 'rev-list', '--count', 'HEAD'] }),
        steps.shell({ ...brief, name: 'census', command: scripts.census, descriptionDone: 'what the files are' }),
        steps.shell({ ...brief, name: 'read files', command: scripts.readFiles, descriptionDone: util.interpolate('read at %(prop:got_revision:-HEAD)s') }),
        steps.shell({ ...brief, name: 'white space', command: ['git', 'show', '--check', '--format=%h %s', 'HEAD'], decodeRC: { 0: SUCCESS, 2: WARNINGS }, descriptionDone: 'white space looked at' }),
        steps.shell({ ...brief, name: 'shell scripts', command: scripts.checkShell, decodeRC: { 0: SUCCESS, 1: WARNINGS }, descriptionDone: 'shell scripts parsed' }),
        steps.shell({ ...brief, name: 'JavaScript modules', command: scripts.checkJavaScript, decodeRC: { 0: SUCCESS, 1: WARNINGS }, descriptionDone: 'JavaScript modules parsed' }),
        steps.custom({ name: 'authors', run: authors }),
      ],
    },
  ],
  changeSources: [
    changeSources.gitPoller({ repository, branches: true, pollInterval: '2s' }),
  ],
  schedulers: [
    schedulers.anyBranch({ name: 'every-commit', builders: ['quickstart'] }),
    schedulers.force({ name: 'force', builders: ['quickstart'], label: 'Build now', buttonName: 'Build' }),
  ],
})

/** A step as a function: runs a command, reads what it printed, and says what it found. */
async function authors(ctx: StepContext) {
  const shortlog = await ctx.command(['git', 'shortlog', '--summary', '--numbered', 'HEAD'], brief)
  if (!shortlog.ok) return FAILURE
  const lines = shortlog.stdout.split('\n').filter(line => line.trim() !== '')
  const [most = ''] = lines
  await ctx.setProperty('authors', lines.length)
  await ctx.summary({
    step: `${counted(lines.length, 'author')}, most commits by ${most.replace(/^\s*\d+\s+/, '')}`,
    build: `${counted(Number(ctx.property('commits')), 'commit')} by ${counted(lines.length, 'author')}`,
  })
  return SUCCESS
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** The root of the git repository that the folder is in. */
function repositoryAround(folder: string): string {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    if (existsSync(join(candidate, '.git'))) return candidate
    if (candidate === dirname(candidate)) {
      throw new Error(`The quickstart watches the git repository that it is started in, but ${folder} is in none. Start it in a clone, run 'git init' there, or name a configuration of your own: yard up -c yard.config.ts`)
    }
  }
}
