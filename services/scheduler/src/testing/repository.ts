import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type TestRepository = {
  path: string
  /** Runs git in the work tree; answers its output without the last newline. */
  git(...args: string[]): string
  /** Writes the files and commits them on the current branch; answers the revision. */
  commit(message: string, files?: { [path: string]: string }): string
  remove(): void
}

const identity = { GIT_AUTHOR_NAME: 'Ann Ä', GIT_AUTHOR_EMAIL: 'ann@example.org', GIT_COMMITTER_NAME: 'Cem', GIT_COMMITTER_EMAIL: 'cem@example.org',
  GIT_AUTHOR_DATE: '1700000000 +0000', GIT_COMMITTER_DATE: '1700000100 +0000', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }

/** A real, empty git repository on branch `main` in a temporary folder. */
export function createRepository(): TestRepository {
  const path = mkdtempSync(join(tmpdir(), 'yardmaster-repository-'))
  const git = (...args: string[]) => execFileSync('git', args, { cwd: path, env: { ...process.env, ...identity }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).replace(/\n$/, '')
  git('init', '--quiet', '--initial-branch=main')
  return {
    path,
    git,
    commit(message, files = { 'a.txt': message }) {
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true })
        writeFileSync(join(path, name), content)
      }
      git('add', '--all')
      git('commit', '--quiet', '--allow-empty', `--message=${message}`)
      return git('rev-parse', 'HEAD')
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}
