import { propertiesFrom, type Json, type Properties } from '@yardmaster/domain'
import { z } from 'zod'
import { HookError } from './hook-error.js'
import type { HookReading } from './hook-reader.js'

const MOST_ISSUES = 5

export const none = (note: string): HookReading => ({ changes: [], note })

export const found = (changes: HookReading['changes'], lookUp?: HookReading['lookUp']): HookReading =>
  ({ changes, note: `${changes.length} change found`, ...(lookUp && { lookUp }) })

/** Throws HookError (400) with where the payload is not what the host documents. */
export function readPayload<T>(schema: z.ZodType<T>, event: string, payload: unknown): T {
  const read = schema.safeParse(payload)
  if (read.success) return read.data
  throw new HookError(400, `the payload is not that of a ${event} event: ${read.error.issues.slice(0, MOST_ISSUES).map(issue => `${issue.path.join('.') || 'payload'}: ${issue.message}`).join('; ')}`)
}

/** With a colon before the minutes of its offset, or without. */
export const instant = z.string().transform((text, context) => {
  const time = new Date(text.trim().replace(/ UTC$/, 'Z').replace(' ', 'T').replace(/ ?([+-]\d\d):?(\d\d)$/, '$1:$2'))
  if (!Number.isNaN(time.getTime())) return time
  context.addIssue({ code: 'custom', message: `expected a date and time, found '${text}'` })
  return z.NEVER
})

export const files = z.array(z.string()).nullish().transform(names => names ?? [])
export const person = z.object({ name: z.string().nullish(), email: z.string().nullish() })

export const nameOf = ({ name, email }: z.infer<typeof person>) => `${name ?? ''} <${email ?? ''}>`.trim()

/** A commit of a push, as GitHub, GitLab and Gitea tell it. */
export const commit = z.object({
  id: z.string(), message: z.string(), timestamp: instant, url: z.string(), distinct: z.boolean().default(true),
  author: person, committer: person.optional(), added: files, modified: files, removed: files,
})
export type Commit = z.infer<typeof commit>

export const filesOf = ({ added, modified, removed }: Commit) => [...added, ...modified, ...removed]

export function branchOf(ref: string): { kind: 'heads' | 'tags'; name: string } | null {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref) ?? []
  return name === undefined ? null : { kind: kind === 'tags' ? 'tags' : 'heads', name }
}

export const asksToSkip = (text: string, skips: { source: string; flags: string }[]) => skips.some(({ source, flags }) => new RegExp(source, flags).test(text))

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
const globOf = (pattern: string) => new RegExp(`^${pattern.split(/([*?])/).map(part => (part === '*' ? '.*' : part === '?' ? '.' : escaped(part))).join('')}$`, 's')

/** The fields of a payload whose dotted names, below `base`, one of the patterns matches. */
export function whitelisted(payload: Json, base: string, patterns: string[]): Properties {
  if (patterns.length === 0) return {}
  const globs = patterns.map(globOf)
  const values: { [name: string]: Json } = {}
  const walk = (value: Json, name: string) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) for (const [key, item] of Object.entries(value)) walk(item, `${name}.${key}`)
    else if (globs.some(glob => glob.test(name))) values[name] = value
  }
  walk(payload, base)
  return propertiesFrom(values, 'Change')
}

export const changeProperties = (values: { [name: string]: Json }) => propertiesFrom(values, 'Change')
