import type { ChangeHooksConfig } from '@yardmaster/domain'
import { boolean, text, textOrSecret } from './leaves.js'
import { byKind, list, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'

const hook: Reader<Partial<ChangeHooksConfig>> = byKind<Partial<ChangeHooksConfig>>({
  'hook.base': mapped(record({ secret: orNull(textOrSecret) }, 'options of changeHooks.base'), base => ({ base })),
  'hook.github': mapped(record({ secret: orNull(textOrSecret), strict: orNull(boolean), codebase: or(text, '') }, 'options of changeHooks.github'), (github, at) => {
    if (github.strict && github.secret === null) at.at('secret').wrong({ expected: 'a secret, because strict is true', found: 'nothing' })
    return { github: { ...github, strict: github.strict ?? github.secret !== null } }
  }),
}, 'a change hook: changeHooks.base(…) or changeHooks.github(…)')

export const hooks: Reader<ChangeHooksConfig> = mapped(list(hook, 'a list of change hooks'), (given, at) => {
  const kinds = given.flatMap(item => Object.keys(item))
  const twice = kinds.findIndex((kind, index) => kinds.indexOf(kind) !== index)
  if (twice >= 0) at.at(twice).wrong({ expected: 'each change hook once', found: `a second changeHooks.${kinds[twice]}` })
  return Object.assign({ base: null, github: null }, ...given)
})
