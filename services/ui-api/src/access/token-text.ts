import type { Random } from '@yardmaster/runtime'
import { createHash } from 'node:crypto'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const form = /^(yard_[0-9a-f]{64})([0-9a-f]{8})$/
const checkOf = (text: string): string => digest(text).toString('hex', 0, 4)

/** `yard_`, 256 bits of chance, and a check of both, by which one that got where it should not be is found and told from what merely looks like one. */
export function newToken(random: Pick<Random, 'bytes'>): string {
  const text = `yard_${random.bytes(32).toString('hex')}`
  return text + checkOf(text)
}

/** What is kept of it; null: it is none. */
export function hashOfToken(token: string): Buffer | null {
  const [, text, check] = form.exec(token) ?? []
  return text !== undefined && check === checkOf(text) ? digest(token) : null
}
