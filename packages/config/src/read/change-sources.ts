import { asHookTells, gitPollerDefaults, hookHosts } from '@yardmaster/domain'
import type { GitPollerConfig } from '@yardmaster/domain'
import { boolean, duration, functionRef, name, oneOf, pattern, text, textOrSecret } from './leaves.js'
import type { Pattern } from './leaves.js'
import { byKind, found, isRecord, or, orNull, record } from './reader.js'
import type { Place, Reader } from './reader.js'

type Branches = Pick<GitPollerConfig, 'branches' | 'branchPatterns'>

const expected = 'a list of names, patterns (with * or **) and regular expressions of branches, true for all, or a function'

const branches: Reader<Branches> = (value, at) => {
  if (value === undefined) return { branches: null, branchPatterns: [] }
  if (value === true) return { branches: true, branchPatterns: [] }
  if (isRecord(value) && '$fn' in value) return { branches: functionRef(value, at), branchPatterns: [] }
  if (!Array.isArray(value) || value.length === 0) return at.wrong({ expected, found: found(value) })
  const names: string[] = []
  const patterns: Pattern[] = []
  for (const [index, item] of value.entries()) {
    if (typeof item === 'string' && item.includes('*')) patterns.push(globPattern(name(item, at.at(index))))
    else if (typeof item === 'string') names.push(name(item, at.at(index)))
    else if (isRecord(item) && '$regex' in item) patterns.push(pattern(item, at.at(index)))
    else at.at(index).wrong({ expected: 'a name, a pattern or a regular expression of branches', found: found(item) })
  }
  return { branches: names, branchPatterns: patterns }
}

/** `*` is anything within a part of the name, `**` anything. */
function globPattern(glob: string): Pattern {
  const source = glob.split(/(\*+)/).map(part => (part === '*' ? '[^/]*' : part.startsWith('*') ? '.*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')))
  return { source: `^${source.join('')}$`, flags: 'u' }
}

const pollInterval: Reader<number | null> = (value, at) => {
  if (value === undefined) return gitPollerDefaults.pollInterval
  if (value === null) return null
  const seconds = duration(value, at)
  return seconds >= 1 ? seconds : at.wrong({ expected: 'at least a second, or null', found: `${seconds} s` })
}

const category: Reader<GitPollerConfig['category']> = (value, at) => (isRecord(value) && '$fn' in value ? functionRef(value, at) : orNull(text)(value, at))

const shape = {
  repository: name, branches, pollRandomDelayMin: or(duration, 0), pollRandomDelayMax: or(duration, 0), pollAtLaunch: or(boolean, true), codebase: or(text, ''),
  sshPrivateKey: orNull(textOrSecret), sshHostKey: orNull(textOrSecret), sshKnownHosts: orNull(textOrSecret), username: or(name, gitPollerDefaults.username), token: orNull(textOrSecret),
}

const options = record({
  ...shape, name: orNull(name), onlyTags: or(boolean, false), buildPushesWithNoCommits: or(boolean, false), pollInterval, firstFetchLoadRefs: or(boolean, false), project: or(text, ''), category, usetimestamps: or(boolean, true),
  mapChange: orNull(functionRef),
}, 'options of changeSources.gitPoller')

type Given = Pick<ReturnType<typeof options>, keyof typeof shape | 'onlyTags'>

function check(given: Given, at: Place): void {
  const { repository, onlyTags, pollRandomDelayMin, pollRandomDelayMax, sshPrivateKey, sshHostKey, sshKnownHosts, token } = given
  if (onlyTags && given.branches.branches !== null) at.at('onlyTags').wrong({ expected: 'either onlyTags or branches', found: 'both' })
  if (pollRandomDelayMin > pollRandomDelayMax) at.at('pollRandomDelayMin').wrong({ expected: `at most pollRandomDelayMax (${pollRandomDelayMax} s)`, found: `${pollRandomDelayMin} s` })
  if (sshPrivateKey === null && (sshHostKey !== null || sshKnownHosts !== null)) at.at('sshPrivateKey').wrong({ expected: 'a private key beside sshHostKey and sshKnownHosts', found: 'nothing' })
  if (sshHostKey !== null && sshKnownHosts !== null) at.at('sshHostKey').wrong({ expected: 'either sshHostKey or sshKnownHosts', found: 'both' })
  if (token !== null && !/^https?:\/\//i.test(repository)) at.at('token').wrong({ expected: 'a repository by http:// or https:// beside a token', found: `'${repository}'` })
}

const reconcileOptions = record({
  ...shape, name: orNull(name), branches: (value, at) => branches(value ?? true, at), hook: oneOf('base', ...hookHosts), interval: or(duration, gitPollerDefaults.pollInterval ?? 0), project: orNull(text), category: orNull(text), changeRepository: orNull(text),
}, 'options of changeSources.reconcile')

const reconcile: Reader<GitPollerConfig> = (value, at) => {
  const { hook, interval, changeRepository, ...given } = reconcileOptions(value, at)
  check({ ...given, onlyTags: false }, at)
  const host = hook === 'base' ? { repository: given.repository, project: '', category: null } : asHookTells(hook, given.repository)
  return {
    ...gitPollerDefaults, ...given, ...given.branches, name: given.name ?? `reconcile ${given.repository}`, reconciles: hook, pollInterval: Math.max(interval, 1),
    project: given.project ?? host.project, category: given.category ?? host.category, changeRepository: changeRepository ?? host.repository,
  }
}

const gitPoller: Reader<GitPollerConfig> = (value, at) => {
  const given = options(value, at)
  check(given, at)
  return { ...gitPollerDefaults, ...given, ...given.branches, name: given.name ?? given.repository }
}

export const changeSource: Reader<GitPollerConfig> = byKind<GitPollerConfig>({ gitPoller, reconcile }, 'a change source: changeSources.gitPoller(…) or changeSources.reconcile(…)')
