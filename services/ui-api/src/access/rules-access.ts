import { decide, noTarget, type Caller, type Decision } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import { Forbidden, type Access, type Asked } from './access.js'
import { loadTargets } from './load-targets.js'

type Means = Pick<Deps, 'db' | 'activeGeneration' | 'activeGenerations'>

/** Who may do what, by the rules of the active configuration as they are when it is asked. */
export function rulesAccess(deps: Means): Access {
  const policy = () => {
    const www = deps.activeGeneration()?.configuration.www
    return { signIn: www !== undefined && www.auth.kind !== 'none', authz: www?.authz ?? { roleMatchers: [], rules: [] } }
  }
  const decideFor = async (caller: Caller, asked: Asked): Promise<Decision> => {
    const now = policy()
    const asksOfThing = now.authz.rules.length > 0 || (caller.scopes ?? []).some(scope => scope.includes(':'))
    const targets = asksOfThing ? await loadTargets(deps, asked) : [{ ...noTarget, action: asked.action, thing: asked.thing }]
    const decisions = targets.map(target => decide(now, caller, target))
    return decisions.find(({ allowed }) => !allowed) ?? decisions[0]!
  }
  const reading = (caller: Caller, path: string | null): Decision => {
    const closed = deps.activeGeneration()?.configuration.www.reading === 'closed'
    if (closed && caller.kind === 'anonymous') return { allowed: false, rule: null, why: 'you need to sign in' }
    // What anybody may read, a token may that was not made for it.
    return decide(policy(), closed ? caller : { ...caller, scopes: null }, { ...noTarget, path })
  }
  return {
    decide: decideFor,
    reading,
    mayRead: (caller, path = null) => reading(caller, path).allowed,
    async require(caller, asked) {
      const { allowed, why } = await decideFor(caller, asked)
      if (!allowed) throw new Forbidden(`you may not ${asked.action} ${asked.id === null ? '' : `${asked.thing.replace('_', ' ').replace(/s$/, '')} ${asked.id}`}`.trimEnd() + `: ${why}`)
    },
  }
}
