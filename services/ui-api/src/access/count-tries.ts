import { transaction } from '@yardmaster/db'
import { countSignIn, forgiveSignIn } from '@yardmaster/db/verbs/count-sign-in'
import type { Deps } from '../deps.js'
import { network } from './client-key.js'
import { digest } from './digest.js'
import { SignInRefused } from './www-of.js'

/** Of a name from one address, and of an address with whatever names. */
const freeTries = { name: 5, address: 30 }

/**
 * Lets `look` look at a password unless too many were wrong, on any replica: then throws SignInRefused (429).
 * Names are kept as digests: people type passwords into the wrong field.
 */
export async function countTries<T>({ db }: Pick<Deps, 'db'>, { username, address }: { username: string; address: string }, look: () => Promise<T | null>): Promise<T | null> {
  const from = network(address)
  const byAddress = `address ${from}`
  const byName = `name ${digest(`${from}\n${username}`).toString('hex')}`
  const held = await transaction(db, null, tx => countSignIn(tx, [{ subject: byAddress, free: freeTries.address }, { subject: byName, free: freeTries.name }]))
  if (held > 0) throw new SignInRefused(429, `too many tries to sign in: try again in ${held} s`, held)
  const right = await look()
  if (right !== null) await transaction(db, null, tx => forgiveSignIn(tx, { forgotten: byName, lessened: byAddress }))
  return right
}
