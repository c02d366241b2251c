import { propertiesFrom, type Json } from '@yardmaster/domain'
import { z } from 'zod'
import { HookError } from './hook-error.js'
import type { HookChange } from './hook-reader.js'

/** Text that is JSON (a form's field), or the value itself (of a JSON body). */
function jsonField<T>(schema: z.ZodType<T>, whenEmpty: T) {
  return z.unknown().optional().transform((given, context): T => {
    if (given === undefined || given === null || given === '') return whenEmpty
    const read = schema.safeParse(typeof given === 'string' ? parse(given) : given)
    if (read.success) return read.data
    context.addIssue({ code: 'custom', message: `expected JSON, ${read.error.issues[0]?.message ?? 'found something else'}` })
    return whenEmpty
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const text = z.union([z.string(), z.number()]).nullish().transform(given => (given === null || given === undefined || given === '' ? null : String(given)))
const properties: z.ZodType<{ [name: string]: Json }> = z.record(z.string(), z.json())

const time = text.transform((given, context): number | null => {
  if (given === null) return null
  const epochMs = Number(given) * 1000
  if (!Number.isNaN(new Date(epochMs).getTime())) return epochMs
  context.addIssue({ code: 'custom', message: `expected epoch seconds, found '${given}'` })
  return z.NEVER
})

const fields = z.object({
  author: text, who: text, committer: text, comments: text, revision: text, branch: text, category: text, revlink: text,
  repository: text, project: text, codebase: text,
  when_timestamp: time, when: time,
  files: jsonField(z.array(z.string()), []),
  properties: jsonField(properties, {}),
})

/**
 * One change told field by field, with Buildbot's names (`files` and `properties` are JSON); `now` (epoch ms) is when it happened unless told.
 * Throws HookError (400) with every problem at once.
 */
export function readBaseHook(given: { [field: string]: unknown }, now: number): HookChange & { whenAt: Date } {
  const read = fields.safeParse(given)
  const problems = read.success ? [] : read.error.issues.map(issue => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  // Anything may be left out, as with Buildbot; but a message with none of the fields is no change.
  if (!Object.keys(fields.shape).some(field => field in given)) problems.push(`nothing of a change is told; it may have ${Object.keys(fields.shape).join(', ')}`)
  if (!read.success || problems.length > 0) throw new HookError(400, problems.join('; '))
  const { author, who, when_timestamp, when, comments, repository, project, codebase, properties: values, ...same } = read.data
  return {
    ...same, author: author ?? who ?? '', comments: comments ?? '', repository: repository ?? '', project: project ?? '', codebase: codebase ?? '',
    properties: propertiesFrom(values, 'Change'), whenAt: new Date(when_timestamp ?? when ?? now),
  }
}
