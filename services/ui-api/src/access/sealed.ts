import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

const iv = 12
const tag = 16

/** For what a browser is to carry back to any replica without reading or changing it. All that know the secret have the same key. */
const keyOf = (secret: string, purpose: string) => Buffer.from(hkdfSync('sha256', secret, '', `yardmaster ${purpose}`, 32))

/** AES-256-GCM; `chance` has 12 random bytes. */
export function seal(text: string, { secret, purpose, chance }: { secret: string; purpose: string; chance: Buffer }): string {
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, purpose), chance.subarray(0, iv))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([chance.subarray(0, iv), cipher.getAuthTag(), sealed]).toString('base64url')
}

/** Null: it was not sealed so. */
export function unseal(sealed: string, { secret, purpose }: { secret: string; purpose: string }): string | null {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < iv + tag) return null
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, purpose), bytes.subarray(0, iv), { authTagLength: tag })
  decipher.setAuthTag(bytes.subarray(iv, iv + tag))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(iv + tag)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
