import { controlActions, matchesName, type AllowRule, type Configuration, type NamePattern } from '@yardmaster/domain'
import type { Finding } from './reader.js'

type Named = 'builders' | 'projects' | 'workers' | 'schedulers'
const conditions: { key: 'builder' | 'project' | 'worker' | 'scheduler'; of: Named }[] = [
  { key: 'builder', of: 'builders' }, { key: 'project', of: 'projects' }, { key: 'worker', of: 'workers' }, { key: 'scheduler', of: 'schedulers' },
]

/** Rules that can never be about anything, let nobody, or are behind one that ends the rules for all. */
export function authzWarnings(configuration: Configuration): Finding[] {
  const { auth, authz: { rules }, reading } = configuration.www
  const path = ['www', 'authz', 'allowRules']
  const warning = (index: number | null, message: string): Finding => ({ path: index === null ? path : [...path, index], expected: '', found: '', message, warning: true })
  const shadow = rules.findIndex(rule => isAboutAll(rule) && (rule.defaultDeny || rule.subject.kind === 'anybody'))
  return [
    ...(reading === 'closed' && auth.kind === 'none' ? [{ ...warning(null, 'nobody can sign in (www.auth is auth.none), so nobody may read, but programs with a token'), path: ['www', 'reading'] }] : []),
    ...(rules.length > 0 && auth.kind === 'none' ? [warning(null, 'nobody can sign in (www.auth is auth.none), so nobody has a role: only rules for anybody let somebody do something')] : []),
    ...rules.flatMap((rule, index) => [
      ...neverAbout(rule, configuration).map(message => warning(index, message)),
      ...letsNobody(rule, configuration).map(message => warning(index, message)),
      ...(shadow >= 0 && index > shadow && (rules[shadow]!.of === 'all' || rule.of === 'control') ? [warning(index, `never asked: rule ${shadow + 1} (${rules[shadow]!.call}) decides everything before`)] : []),
    ]),
  ]
}

const isAboutAll = ({ actions, things, builder, tags, project, worker, scheduler, path, subject }: AllowRule): boolean =>
  [actions, things, builder, tags, project, worker, scheduler, path].every(condition => condition === null) && subject.kind !== 'workerOwner'

function neverAbout(rule: AllowRule, configuration: Configuration): string[] {
  const has = (pattern: NamePattern, names: readonly string[]) => names.some(name => matchesName(pattern, name))
  const tags = configuration.builders.flatMap(builder => builder.tags)
  const pools = configuration.pools.flatMap(pool => pool.workers)
  return [
    ...conditions.flatMap(({ key, of }) => {
      const pattern = rule[key]
      const names = [...configuration[of].map(({ name }) => name), ...(key === 'worker' ? pools : [])]
      return pattern === null || has(pattern, names) ? [] : [`it is never about anything: there is no ${key} '${pattern.text}'`]
    }),
    ...(rule.tags === null || rule.tags.some(tag => tags.includes(tag)) ? [] : [`it is never about anything: no builder has the tag ${rule.tags.map(tag => `'${tag}'`).join(' or ')}`]),
    // It asks for a password of its own.
    ...(rule.actions ?? []).flatMap(({ text }) => (text === 'try' ? ['it says nothing of try, which is for who has a password of schedulers.try'] : [])),
    ...(rule.actions ?? []).flatMap(action => (has(action, controlActions) ? [] : [`there is no action '${action.text}'; there are: ${controlActions.join(', ')}`])),
    ...(rule.subject.kind === 'workerOwner' && !configuration.workers.some(({ name, owners }) => owners.length > 0 && (rule.worker === null || matchesName(rule.worker, name))) ? ['it is never about anything: no worker has owners'] : []),
  ]
}

/** Groups are not known before somebody signs in; all other roles are. */
function letsNobody({ subject }: AllowRule, { www: { auth, authz: { roleMatchers } } }: Configuration): string[] {
  if (subject.kind !== 'role' || auth.kind === 'none' || roleMatchers.some(({ kind }) => kind === 'fromGroups')) return []
  const roles = roleMatchers.flatMap(matcher => (matcher.kind === 'fromUsername' ? matcher.roles : matcher.kind === 'fromOwner' ? [matcher.role] : matcher.kind === 'fromGroups' ? [] : Object.keys(matcher.roles)))
  return roles.some(role => matchesName(subject.role, role)) ? [] : [`it lets nobody: no role matcher gives a role '${subject.role.text}'${roles.length > 0 ? `; there are: ${[...new Set(roles)].join(', ')}` : ''}`]
}
