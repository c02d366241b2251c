import type { FilterRefusal } from '../change-filter.js'
import { toText } from '../interpolate.js'
import type { Json } from '../json.js'
import type { FieldFilter, SchedulerConfig } from '../scheduler-config.js'
import type { Silence } from './judge-change.js'

/** Why a scheduler does nothing about a change, as the end of a sentence that begins with its name. */
export function silenceText(why: Silence, { kind }: Pick<SchedulerConfig, 'kind'>): string {
  switch (why.kind) {
    case 'disabled': return 'is disabled'
    case 'takesNoChanges': return buildsBy[kind]
    case 'filter': return refusalText(why.refusal)
    case 'filterFailed': return `takes nothing, because its change filter failed: ${why.failure}`
    case 'codebase': return `does not know the codebase ${quoted(why.codebase)}; it knows ${why.known.map(quoted).join(', ')}`
    case 'unimportant': return 'has no use for it: fileIsImportant says that nothing in it is important'
    default: return why satisfies never
  }
}

/** What makes those build that no change does. */
const buildsBy: { [kind in SchedulerConfig['kind']]: string } = {
  singleBranch: 'builds changes', anyBranch: 'builds changes', periodic: 'builds by its clock, whatever changes', nightly: 'builds by its clock, whatever changes',
  dependent: 'builds when its upstream has built', nightlyTriggerable: 'builds by its clock what it was triggered with', triggerable: 'builds when a step triggers it',
  force: 'builds when somebody asks for it', try: 'builds what yard try sends',
}

function refusalText({ part, name, value, filter }: FilterRefusal): string {
  if (part === 'function' || filter === null) return 'does not want it: the function filterFn of its change filter says no'
  const what = part === 'property' ? `the property ${name}` : `the ${name}`
  return `wants ${what} ${wantedText(filter)}, and this change has ${value === null ? 'none' : quoted(value)}`
}

function wantedText({ eq, notEq, regex, notRegex, fn }: FieldFilter): string {
  const pattern = ({ source, flags }: { source: string; flags: string }): string => `/${source}/${flags}`
  const some = [...(eq ?? []).map(item => (item === null ? 'none' : quoted(item))), ...(regex ?? []).map(pattern)]
  const none = [...(notEq ?? []).map(item => (item === null ? 'none' : quoted(item))), ...(notRegex ?? []).map(pattern)]
  const parts = [some.length > 0 ? `to be ${some.join(' or ')}` : '', none.length > 0 ? `not to be ${none.join(' or ')}` : '', fn ? 'to please its function' : '']
  return parts.filter(part => part !== '').join(', ')
}

const quoted = (value: Json): string => `'${toText(value)}'`
