import { propertiesFrom, type HookChangeFields, type Json } from '@yardmaster/domain'
import { z } from 'zod'
import type { HookChange, HookSubject } from './hook-reader.js'

const text = z.string()
const orNull = z.string().nullable()

const fields: z.ZodType<HookChangeFields> = z.strictObject({
  author: text, committer: orNull, comments: text, branch: orNull, revision: orNull, repository: text, codebase: text, project: text, category: orNull, revlink: orNull,
  files: z.array(text), properties: z.record(text, z.json()), when: z.number(),
}).partial()

const answers = z.array(fields)

/** The changes that a user's function answered with; null: it leaves it to what is built in. Throws when the answer is something else. */
export function changesOfAnswer(answer: Json, { event, subject, codebase }: { event: string; subject: HookSubject; codebase: string }): HookChange[] | null {
  if (answer === null) return null
  const read = answers.safeParse(answer)
  if (!read.success) throw new Error(`expected a list of changes, or nothing: ${read.error.issues.slice(0, 5).map(issue => `${issue.path.join('.') || 'answer'}: ${issue.message}`).join('; ')}`)
  return read.data.map(({ properties = {}, when, ...change }): HookChange => ({
    author: subject.sender || event, committer: null, comments: `${event}${subject.sender === '' ? '' : ` by ${subject.sender}`}`, branch: null, revision: null, revlink: null, category: null, files: [],
    repository: subject.repository, project: subject.project, codebase, ...change, properties: propertiesFrom({ event, ...properties }, 'Change'), whenAt: when === undefined ? null : new Date(when * 1000),
  }))
}
