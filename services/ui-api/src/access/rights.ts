import { decide, type AccessTarget, type Caller } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import type { Thing } from './access.js'
import { loadTargetsOf } from './load-targets.js'
import { policyOf } from './rules-access.js'

/** What pages offer to do. */
export const offered: { [thing in Thing]?: readonly string[] } = {
  builds: ['stop', 'rebuild'], build_requests: ['cancel', 'set_priority', 'release'], buildsets: ['cancel'], builders: ['force'],
  workers: ['pause', 'unpause', 'unquarantine', 'stop', 'kill'], worker_pools: ['pause', 'resume', 'clear-alert'], instances: ['stop'], schedulers: ['enable', 'disable'], change_sources: ['poll'],
  deliveries: ['redeliver'], notifications: ['resend', 'give-up'], replicas: ['drain', 'cancelDrain'], generations: ['apply', 'reload'], api_tokens: ['administer'], control_actions: ['audit'],
}

type Refused = { [action: string]: string }

/** What of all that the caller may not do, and why not. */
export async function refusedOf(deps: Pick<Deps, 'db' | 'activeGeneration' | 'activeGenerations'>, caller: Caller, { thing, ids }: { thing: Thing; ids: readonly number[] }): Promise<{ id: number; refused: Refused }[]> {
  const policy = policyOf(deps)
  const targetsOf = await loadTargetsOf(deps, thing, policy.authz.rules.length > 0 || caller.scopes !== null ? ids : [])
  const why = (targets: readonly AccessTarget[]) => targets.map(target => decide(policy, caller, target)).find(({ allowed }) => !allowed)?.why
  return ids.map(id => {
    const refused: Refused = {}
    for (const action of offered[thing] ?? []) {
      const targets = targetsOf(id).map(target => ({ ...target, action }))
      const reason = action === 'force' ? whyNotForced(deps, targets, why) : why(targets)
      if (reason !== undefined) refused[action] = reason
    }
    return { id, refused }
  })
}

/** A builder is forced by any of the schedulers that can. */
function whyNotForced({ activeGenerations }: Pick<Deps, 'activeGenerations'>, [target]: AccessTarget[], why: (targets: AccessTarget[]) => string | undefined): string | undefined {
  if (!target) return undefined
  const schedulers = activeGenerations().flatMap(({ configuration }) => configuration.schedulers).filter(one => one.kind === 'force' && (target.builder === null || one.builders.includes(target.builder.name)))
  const reasons = schedulers.map(({ name }) => why([{ ...target, thing: 'schedulers', scheduler: name }]))
  return reasons.includes(undefined) ? undefined : reasons[0]
}
