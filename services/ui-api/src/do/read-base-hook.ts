import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { propertiesFrom, type Json } from '@yardmaster/domain'
import { z } from 'zod'
import { HookError } from '@yardmaster/integrations'

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

const fields = z.object({
  author: text, who: text, committer: text, comments: text, revision: text, branch: text, category: text, revlink: text,
  repository: text, project: text, codebase: text,
  when_timestamp: text, when: text,
  files: jsonField(z.array(z.string()), []),
  properties: jsonField(properties, {}),
})

/**
 * One change told field by field, with Buildbot's names (`files` and `properties` are JSON); `now` (epoch ms) is when it happened unless told.
 * Throws HookError (400) with every problem at once.
 */
export function readBaseHook(given: unknown, now: number): NewChange {
  const read = fields.safeParse(given)
  if (!read.success) throw new HookError(400, read.error.issues.map(issue => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '))
  const { author, who, when_timestamp, when, comments, repository, project, codebase, properties: values, ...same } = read.data
  const name = author ?? who
  if (name === null) throw new HookError(400, 'author: is missing (who is taken too)')
  return {
    ...same, author: name, comments: comments ?? '', repository: repository ?? '', project: project ?? '', codebase: codebase ?? '',
    properties: propertiesFrom(values, 'Change'), whenAt: timeOf(when_timestamp ?? when, now),
  }
}

function timeOf(seconds: string | null, now: number): Date {
  const time = new Date(seconds === null ? now : Number(seconds) * 1000)
  if (Number.isNaN(time.getTime())) throw new HookError(400, `when_timestamp: expected epoch seconds, found '${seconds ?? ''}'`)
  return time
}
