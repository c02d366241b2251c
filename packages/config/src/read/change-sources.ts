import { gitPollerDefaults } from '@yardmaster/domain'
import type { GitPollerConfig } from '@yardmaster/domain'
import { boolean, duration, functionRef, name, pattern, text, textOrSecret } from './leaves.js'
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

const options = record({
  name: orNull(name), repository: name, branches, onlyTags: or(boolean, false), buildPushesWithNoCommits: or(boolean, false), pollInterval, pollRandomDelayMin: or(duration, 0),
  pollRandomDelayMax: or(duration, 0), pollAtLaunch: or(boolean, true), firstFetchLoadRefs: or(boolean, false), project: or(text, ''), codebase: or(text, ''), category, usetimestamps: or(boolean, true),
  sshPrivateKey: orNull(textOrSecret), sshHostKey: orNull(textOrSecret), sshKnownHosts: orNull(textOrSecret), username: or(name, gitPollerDefaults.username), token: orNull(textOrSecret),
  mapChange: orNull(functionRef),
}, 'options of changeSources.gitPoller')

type Given = ReturnType<typeof options>

function check(given: Given, at: Place): void {
  const { repository, onlyTags, pollRandomDelayMin, pollRandomDelayMax, sshPrivateKey, sshHostKey, sshKnownHosts, token } = given
  if (onlyTags && given.branches.branches !== null) at.at('onlyTags').wrong({ expected: 'either onlyTags or branches', found: 'both' })
  if (pollRandomDelayMin > pollRandomDelayMax) at.at('pollRandomDelayMin').wrong({ expected: `at most pollRandomDelayMax (${pollRandomDelayMax} s)`, found: `${pollRandomDelayMin} s` })
  if (sshPrivateKey === null && (sshHostKey !== null || sshKnownHosts !== null)) at.at('sshPrivateKey').wrong({ expected: 'a private key beside sshHostKey and sshKnownHosts', found: 'nothing' })
  if (sshHostKey !== null && sshKnownHosts !== null) at.at('sshHostKey').wrong({ expected: 'either sshHostKey or sshKnownHosts', found: 'both' })
  if (token !== null && !/^https?:\/\//i.test(repository)) at.at('token').wrong({ expected: 'a repository by http:// or https:// beside a token', found: `'${repository}'` })
}

const gitPoller: Reader<GitPollerConfig> = (value, at) => {
  const given = options(value, at)
  check(given, at)
  return { kind: 'gitPoller', ...given, ...given.branches, name: given.name ?? given.repository }
}

export const changeSource: Reader<GitPollerConfig> = byKind<GitPollerConfig>({ gitPoller }, 'a change source: changeSources.gitPoller(…)')
