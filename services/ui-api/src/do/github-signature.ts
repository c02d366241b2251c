import { createHmac, timingSafeEqual } from 'node:crypto'
import { HookError } from './hook-error.js'

/** Throws HookError (401) unless `signature` (X-Hub-Signature-256) is the secret's of exactly these bytes. */
export function checkGithubSignature(body: Buffer, signature: string, secret: string): void {
  const given = /^sha256=([0-9a-f]{64})$/.exec(signature)?.[1]
  if (given === undefined) throw new HookError(401, 'X-Hub-Signature-256 is not of the form sha256=<64 hexadecimal digits>')
  const expected = createHmac('sha256', secret).update(body).digest()
  if (!timingSafeEqual(Buffer.from(given, 'hex'), expected)) throw new HookError(401, 'X-Hub-Signature-256 does not fit the body: the secret of the webhook is not the one of the configuration')
}
