import { createHash } from 'node:crypto'

/** SHA-256: of what has at least 256 bits of chance, nobody finds the value. */
export const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
