import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GitPollerConfig, SecretRef } from '@yardmaster/domain'
import type { Secrets } from '@yardmaster/runtime'
import { PollFailed } from './poll-failed.js'
import { GitFailed, type Git } from './run-git.js'

export type Access = { git: Git; secrets: Secrets; /** Private files are kept below it, as long as they are needed. */ folder: string; /** Of this process. */ pid: number }
type Source = Pick<GitPollerConfig, 'repository' | 'sshPrivateKey' | 'sshHostKey' | 'sshKnownHosts' | 'username' | 'token'>

/**
 * Works with a git that has the source's key or token, which are in no argument, no URL and no message: a token goes by the environment to a credential
 * helper that answers for the repository's own host alone; keys are in files that only this user can read, and are removed afterwards.
 */
export async function withAccess<T>({ git, secrets, folder, pid }: Access, source: Source, work: (git: Git) => Promise<T>): Promise<T> {
  if (source.token !== null) {
    const token = textOf(secrets, source.token)
    return await work(masked(git, { env: tokenEnvironment(source, token), hidden: [token] }))
  }
  if (source.sshPrivateKey === null) return await work(git)
  const key = textOf(secrets, source.sshPrivateKey)
  await mkdir(folder, { recursive: true })
  const files = await mkdtemp(join(folder, `.ssh-${pid}-`))
  try {
    const env = await sshEnvironment(files, key, { hostKey: orNull(secrets, source.sshHostKey), knownHosts: orNull(secrets, source.sshKnownHosts) })
    return await work(masked(git, { env, hidden: [key] }))
  } finally {
    await rm(files, { recursive: true, force: true })
  }
}

/** What processes that were killed have left of their private files. */
export async function removeLeftAccess({ folder, isAlive }: { folder: string; isAlive: (pid: number) => boolean }): Promise<void> {
  const names = await readdir(folder).catch((): string[] => [])
  for (const name of names) {
    const pid = Number(/^\.ssh-(\d+)-/.exec(name)?.[1] ?? 0)
    if (pid > 0 && !isAlive(pid)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

function textOf(secrets: Secrets, value: string | SecretRef): string {
  if (typeof value === 'string') return value
  const text = secrets.get(value.$secret)
  if (text === undefined) throw new PollFailed(`the secret '${value.$secret}' is not set here: set it for the schedulers`)
  return text
}

const orNull = (secrets: Secrets, value: string | SecretRef | null): string | null => (value === null ? null : textOf(secrets, value))

function tokenEnvironment({ repository, username }: Source, token: string): NodeJS.ProcessEnv {
  const { origin } = new URL(repository)
  // The words are always the same: what is secret or the user's comes by variables. What git adds (get, store, erase) is behind the #.
  const helper = `!printf 'username=%s\\npassword=%s\\n' "$YARDMASTER_GIT_USERNAME" "$YARDMASTER_GIT_TOKEN" #`
  return {
    GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'credential.helper', GIT_CONFIG_VALUE_0: '', GIT_CONFIG_KEY_1: `credential.${origin}.helper`, GIT_CONFIG_VALUE_1: helper,
    YARDMASTER_GIT_USERNAME: username, YARDMASTER_GIT_TOKEN: token,
  }
}

type Hosts = { hostKey: string | null; knownHosts: string | null }

async function sshEnvironment(files: string, key: string, { hostKey, knownHosts }: Hosts): Promise<NodeJS.ProcessEnv> {
  const write = async (name: string, text: string) => {
    const file = join(files, name)
    await writeFile(file, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 })
    return `'${file.replaceAll("'", String.raw`'\''`)}'`
  }
  const words = ['ssh', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-i', await write('key', key)]
  const known = knownHosts ?? (hostKey === null ? null : `* ${hostKey.trim()}`)
  // ssh reads the option's value as a list of words, and quotes within it.
  if (known !== null) words.push('-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${await write('known_hosts', known)}`, '-o', 'GlobalKnownHostsFile=/dev/null')
  return { GIT_SSH_COMMAND: words.join(' '), GIT_SSH_VARIANT: 'ssh' }
}

function masked(git: Git, { env, hidden }: { env: NodeJS.ProcessEnv; hidden: string[] }): Git {
  return async call => {
    try {
      return await git({ ...call, env: { ...call.env, ...env } })
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error
      const hide = (text: string) => hidden.reduce((left, secret) => left.replaceAll(secret, '***'), text)
      throw new GitFailed(hide(error.command), hide(error.reason))
    }
  }
}
