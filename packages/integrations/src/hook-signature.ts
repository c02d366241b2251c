import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { HookError } from './hook-error.js'

/** Compares texts in a time that tells nothing of either. */
export function isSecret(given: string, expected: string): boolean {
  // Digests are of one length, whatever was sent.
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** Throws HookError (401) unless `given` is `prefix` and the SHA-256 HMAC of exactly these bytes, in hexadecimal digits. */
export function checkSignature(body: Buffer, given: string, { secret, header, prefix }: { secret: string; header: string; prefix: string }): void {
  const digits = given.startsWith(prefix) ? /^[0-9a-f]{64}$/.exec(given.slice(prefix.length))?.[0] : undefined
  if (digits === undefined) throw new HookError(401, `${header} is not of the form ${prefix}<64 hexadecimal digits>`)
  const expected = createHmac('sha256', secret).update(body).digest()
  if (!timingSafeEqual(Buffer.from(digits, 'hex'), expected)) throw new HookError(401, `${header} does not fit the body: the secret of the webhook is not the one of the configuration`)
}
