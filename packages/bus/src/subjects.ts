import type { WakeTopic } from '@yardmaster/domain'

/** What NATS names in this installation; several installations may share one NATS. */
export type Subjects = { wake(topic: WakeTopic): string; ask(whom: string): string; events: string; stream: string }

export function subjectsOf(installation: string): Subjects {
  // Dots, spaces and wildcards mean something in subjects, and are refused in stream names.
  const safe = installation.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  if (safe === '') throw new Error('bus: the installation has no id; was the database migrated?')
  return { wake: topic => `yard.${safe}.wake.${topic}`, ask: whom => `yard.${safe}.ask.${whom}`, events: `yard.${safe}.events`, stream: `YARD_${safe}` }
}
