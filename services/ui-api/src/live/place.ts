/**
 * A place in the event stream: all batches up to `done` were read, and of the next one the first `more` messages.
 * As text `incarnation:sequence.index` (that batch up to its message `index`) or `incarnation:sequence` (that batch and all before it).
 * A batch's messages are counted through its events and their paths, whether anybody listens or not, so they have one number on every replica.
 */
export type Place = { incarnation: string; done: number; more: number }

export const textOf = ({ incarnation, done, more }: Place): string => (more === 0 ? `${incarnation}:${done}` : `${incarnation}:${done + 1}.${more}`)

const form = /^(\d{1,16}):(\d{1,15})(?:\.(\d{1,9}))?$/

/** Null: no place of ours. */
export function readPlace(text: string): Place | null {
  const [, incarnation, sequence, index] = form.exec(text) ?? []
  if (incarnation === undefined) return null
  if (index === undefined) return { incarnation, done: Number(sequence), more: 0 }
  return Number(sequence) > 0 ? { incarnation, done: Number(sequence) - 1, more: Number(index) } : null
}

/** Whether who has read up to the place has this message already. */
export const isBehind = ({ done, more }: Place, sequence: number, index: number): boolean => sequence <= done || (sequence === done + 1 && index <= more)

/** The last batch that it has something of. */
export const endOf = ({ done, more }: Place): number => (more > 0 ? done + 1 : done)
