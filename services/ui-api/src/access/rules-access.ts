import { decide, noTarget, type Caller, type Decision, type Policy } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import { Forbidden, type Access, type Asked } from './access.js'
import { loadTargets } from './load-targets.js'
import { wwwOf } from './www-of.js'

type Means = Pick<Deps, 'db' | 'activeGeneration' | 'activeGenerations'>

/** Read each time, so that a reload acts at once. */
export function policyOf(deps: Pick<Deps, 'activeGeneration'>): Policy {
  const { auth, authz } = wwwOf(deps)
  return { signIn: auth.kind !== 'none', authz }
}

/** Who may do what, by the rules of the active configuration as they are when it is asked. */
export function rulesAccess(deps: Means): Access {
  const policy = () => policyOf(deps)
  const decideFor = async (caller: Caller, asked: Asked): Promise<Decision> => {
    const now = policy()
    const asksOfThing = now.authz.rules.length > 0 || (caller.scopes ?? []).some(scope => scope.includes(':'))
    const targets = asksOfThing ? await loadTargets(deps, asked) : [{ ...noTarget, action: asked.action, thing: asked.thing }]
    const decisions = targets.map(target => decide(now, caller, target))
    return decisions.find(({ allowed }) => !allowed) ?? decisions[0]!
  }
  const reading = (caller: Caller, path: string | null): Decision => {
    const closed = wwwOf(deps).reading === 'closed'
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
