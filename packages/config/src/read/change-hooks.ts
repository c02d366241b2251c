import { defaultSkips, noChangeHooks, type ChangeHooksConfig, type HookHost, type HostHookConfig } from '@yardmaster/domain'
import { boolean, functionRef, oneOf, pattern, text, textOrSecret } from './leaves.js'
import { byKind, isRecord, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Place, Reader, Shape } from './reader.js'

const common = {
  secret: orNull(textOrSecret), strict: orNull(boolean), token: orNull(textOrSecret), apiUrl: orNull(text),
  codebase: or<HostHookConfig['codebase']>((value, at) => (isRecord(value) ? functionRef(value, at) : text(value, at)), ''),
  skips: or(list(pattern, 'a list of regular expressions'), defaultSkips),
  on: or(mapOf(functionRef, 'on: a record of functions by event'), {}),
}
const names = or(list(text, 'a list of names of fields'), [])

type Given = Omit<HostHookConfig, 'strict' | 'pullrequestRef' | 'propertyWhitelist'> & { strict: boolean | null } & Partial<Pick<HostHookConfig, 'pullrequestRef' | 'propertyWhitelist'>>

/** `own`: what this host has besides; `selfHosted`: there is no public service whose address could be meant. */
function hostHook(host: HookHost, { own = {}, selfHosted = false }: { own?: Shape; selfHosted?: boolean }): Reader<Partial<ChangeHooksConfig>> {
  return mapped(record({ ...common, ...own }, `options of changeHooks.${host}`), (read, at) => {
    const { githubPropertyWhitelist, bitbucketPropertyWhitelist, ...given } = read as Given & { githubPropertyWhitelist?: string[]; bitbucketPropertyWhitelist?: string[] }
    checkSecret(given, at)
    if (selfHosted && given.token !== null && given.apiUrl === null) at.at('apiUrl').wrong({ expected: `the address of the ${host} that the token is for, because it would be sent to whoever a payload names`, found: 'nothing' })
    const config: HostHookConfig = {
      ...given, strict: given.strict ?? given.secret !== null, pullrequestRef: given.pullrequestRef ?? 'merge',
      propertyWhitelist: githubPropertyWhitelist ?? bitbucketPropertyWhitelist ?? [],
    }
    return { [host]: config }
  })
}

function checkSecret({ secret, strict, token }: Given, at: Place): void {
  if (strict && secret === null) at.at('secret').wrong({ expected: 'a secret, because strict is true', found: 'nothing' })
  if (secret === null && strict === null) at.warn('has no secret, so whoever reaches this server can make changes: give it the secret of the webhook, or say strict: false')
  for (const [option, value] of [['secret', secret], ['token', token]] as const) {
    if (typeof value === 'string') at.at(option).warn('is written in the configuration, which many can read: util.secret(name) takes it from where secrets are')
  }
}

const hook: Reader<Partial<ChangeHooksConfig>> = byKind<Partial<ChangeHooksConfig>>({
  'hook.base': mapped(record({ secret: orNull(textOrSecret) }, 'options of changeHooks.base'), base => ({ base })),
  'hook.poller': mapped(record({ secret: orNull(textOrSecret), allowed: orNull(list(text, 'a list of names of change sources')) }, 'options of changeHooks.poller'), poller => ({ poller })),
  'hook.github': hostHook('github', { own: { pullrequestRef: or(oneOf('merge', 'head'), 'merge'), githubPropertyWhitelist: names } }),
  'hook.gitlab': hostHook('gitlab', {}),
  'hook.gitea': hostHook('gitea', { selfHosted: true }),
  'hook.bitbucketCloud': hostHook('bitbucketCloud', { own: { bitbucketPropertyWhitelist: names } }),
  'hook.bitbucketServer': hostHook('bitbucketServer', { own: { bitbucketPropertyWhitelist: names }, selfHosted: true }),
}, 'a change hook: changeHooks.github(…), changeHooks.base(…) and so on')

export const hooks: Reader<ChangeHooksConfig> = mapped(list(hook, 'a list of change hooks'), (given, at) => {
  const kinds = given.flatMap(item => Object.keys(item))
  const twice = kinds.findIndex((kind, index) => kinds.indexOf(kind) !== index)
  if (twice >= 0) at.at(twice).wrong({ expected: 'each change hook once', found: `a second changeHooks.${kinds[twice]}` })
  return Object.assign({ ...noChangeHooks }, ...given)
})
