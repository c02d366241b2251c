import { z } from 'zod'
import type { HookSubject } from '../hook-reader.js'

const subject = z.object({
  repository: z.object({ full_name: z.string(), html_url: z.string() }).optional().catch(undefined),
  sender: z.object({ login: z.string() }).optional().catch(undefined),
})

export function githubSubject(payload: unknown): HookSubject {
  const { repository, sender } = subject.catch({}).parse(payload)
  return { fullName: repository?.full_name ?? '', repository: repository?.html_url ?? '', project: repository?.full_name ?? '', sender: sender?.login ?? '' }
}
