import type { GitPollerConfig } from '@yardmaster/domain'
import { boolean, duration, name, text } from './leaves.js'
import { byKind, found, list, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'

const branches: Reader<string[] | true> = (value, at) => {
  if (value === true) return true
  const names = Array.isArray(value) && value.length > 0 ? list(name, 'a list of names')(value, at) : undefined
  return names ?? at.wrong({ expected: 'a list of names of branches, or true for all', found: found(value) })
}

const pollInterval: Reader<number> = mapped(or(duration, 600), (seconds, at) => (seconds >= 1 ? seconds : at.wrong({ expected: 'at least a second', found: `${seconds} s` })))

export const changeSource: Reader<GitPollerConfig> = byKind<GitPollerConfig>({
  gitPoller: mapped(record({
    name: orNull(name), repository: name, branches, pollInterval, pollAtLaunch: or(boolean, true), project: or(text, ''), codebase: or(text, ''), category: orNull(text),
  }, 'options of changeSources.gitPoller'), given => ({ kind: 'gitPoller', ...given, name: given.name ?? given.repository })),
}, 'a change source: changeSources.gitPoller(…)')
