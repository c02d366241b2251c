import { globPattern, noConditions, type AllowRule, type AuthzConfig, type NamePattern, type RoleMatcher, type RuleSubject } from '@yardmaster/domain'
import { boolean, name, oneOf, pattern, text } from './leaves.js'
import { byKind, list, mapOf, mapped, or, orNull, record, type Place, type Reader } from './reader.js'

const regex: Reader<NamePattern> = mapped(pattern, ({ source, flags }) => ({ text: `/${source}/`, source, flags }))
const names: Reader<NamePattern> = (value, at) => (typeof value === 'string' ? globPattern(name(value, at)) : regex(value, at))
const nameList = list(name, 'a list of names')
const textList = list(text, 'a list of texts')

const matchers = byKind<RoleMatcher>({
  'authz.rolesFromGroups': mapped(record({ groupPrefix: or(text, '') }, 'options of authz.rolesFromGroups'), given => ({ kind: 'fromGroups', ...given })),
  'authz.rolesFromEmails': mapped(mapOf(textList, 'e-mail addresses by role'), roles => ({ kind: 'fromEmails', roles })),
  'authz.rolesFromDomain': mapped(mapOf(textList, 'domains by role'), roles => ({ kind: 'fromDomain', roles })),
  'authz.rolesFromUsername': mapped(record({ roles: nameList, usernames: nameList }, 'options of authz.rolesFromUsername'), given => ({ kind: 'fromUsername', ...given })),
  'authz.rolesFromOwner': mapped(record({ role: name }, 'options of authz.rolesFromOwner'), given => ({ kind: 'fromOwner', ...given })),
}, 'where roles come from: authz.rolesFromGroups(…), authz.rolesFromUsername(…) and so on')

const whom = { role: orNull(names), who: orNull(oneOf('anybody', 'signedIn')), defaultDeny: or(boolean, true) }

function subjectOf({ role, who }: { role: NamePattern | null; who: 'anybody' | 'signedIn' | null }, at: Place): RuleSubject {
  if (role !== null && who === null) return { kind: 'role', role }
  if (role === null && who !== null) return { kind: who }
  return at.wrong({ expected: "whom the rule lets: role: '…', or who: 'anybody' | 'signedIn'", found: role === null ? 'neither' : 'both' })
}

const builders = { builder: orNull(names), tags: orNull(textList), project: orNull(names) }

type Given = { role: NamePattern | null; who: 'anybody' | 'signedIn' | null; defaultDeny: boolean } & Partial<AllowRule>

const rule = (call: string, options: Reader<Given>, made: Pick<AllowRule, 'of'> & Partial<AllowRule>): Reader<AllowRule> =>
  mapped(options, ({ role, who, ...given }, at) => ({ ...noConditions, call, subject: subjectOf({ role, who }, at), ...made, ...given }))

const actions = (...texts: string[]): NamePattern[] => texts.map(globPattern)

const rules = byKind<AllowRule>({
  'authz.anyEndpoint': rule('authz.anyEndpoint', record(whom, 'options of authz.anyEndpoint'), { of: 'all' }),
  'authz.anyControlEndpoint': rule('authz.anyControlEndpoint', record(whom, 'options of authz.anyControlEndpoint'), { of: 'control' }),
  'authz.forceBuild': rule('authz.forceBuild', record({ ...whom, ...builders }, 'options of authz.forceBuild'), { of: 'control', actions: actions('force'), things: ['schedulers'] }),
  'authz.stopBuild': rule('authz.stopBuild', record({ ...whom, ...builders }, 'options of authz.stopBuild'), { of: 'control', actions: actions('stop', 'cancel'), things: ['builds', 'build_requests', 'buildsets'] }),
  'authz.rebuildBuild': rule('authz.rebuildBuild', record({ ...whom, ...builders }, 'options of authz.rebuildBuild'), { of: 'control', actions: actions('rebuild'), things: ['builds'] }),
  'authz.enableScheduler': rule('authz.enableScheduler', record({ ...whom, scheduler: orNull(names) }, 'options of authz.enableScheduler'), { of: 'control', actions: actions('enable', 'disable'), things: ['schedulers'] }),
  'authz.control': rule('authz.control', record({ ...whom, ...builders, worker: orNull(names), scheduler: orNull(names), actions: orNull(list(names, 'a list of actions')) }, 'options of authz.control'), { of: 'control' }),
  'authz.path': rule('authz.path', record({ ...whom, path: names }, 'options of authz.path'), { of: 'all' }),
  'authz.workerOwner': mapped(record({ worker: orNull(names), defaultDeny: or(boolean, false) }, 'options of authz.workerOwner'), given => ({
    ...noConditions, call: 'authz.workerOwner', of: 'control', actions: actions('pause', 'unpause', 'unquarantine', 'stop', 'kill'), things: ['workers', 'builds', 'instances'], subject: { kind: 'workerOwner' }, ...given,
  })),
}, 'a rule: authz.anyControlEndpoint(…), authz.forceBuild(…), authz.control(…) and so on')

export const authz: Reader<AuthzConfig> = mapped(
  record({ roleMatchers: or(list(matchers, 'a list of role matchers'), []), allowRules: or(list(rules, 'a list of rules'), []) }, 'authz: { roleMatchers, allowRules }'),
  ({ roleMatchers, allowRules }) => ({ roleMatchers, rules: allowRules }))
