import type { AuthConfig, UserFileAuth, UsersAuth } from '@yardmaster/domain'
import { costOf, nobodysHash, PasswordsBusy, watchedUserFile, type Passwords, type UserFile } from '@yardmaster/runtime/passwords'
import { timingSafeEqual } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { Deps } from '../deps.js'
import { digest } from './digest.js'
import { SignInRefused, textOf } from './www-of.js'

export type PasswordAuth = UsersAuth | UserFileAuth
export const takesPasswords = (auth: AuthConfig): auth is PasswordAuth => auth.kind === 'users' || auth.kind === 'userFile'

export type PasswordUsers = {
  /** Null: the name is not there, or it is not its password; both take the same time. Otherwise what it was held against. */
  check(auth: PasswordAuth, given: { username: string; password: string }): Promise<{ heldAgainst: string } | null>
  /** What a password of this name is held against now: another one with another password. Null: there is no such name. */
  heldAgainst(auth: PasswordAuth, username: string): Promise<string | null>
  /** Whether there is a user of this name, as far as it is known here. */
  has(auth: AuthConfig, username: string): Promise<boolean>
}

/** As `yard user` makes them. */
const usualCost = 12

export function openPasswordUsers({ secrets, logger, settings: { config } }: Pick<Deps, 'secrets' | 'logger' | 'settings'>, passwords: Passwords): PasswordUsers {
  const files = new Map<string, () => Promise<UserFile>>()
  const fileAt = (file: string): Promise<UserFile> => {
    const path = resolve(dirname(config), file)
    const read = files.get(path) ?? watchedUserFile(path)
    files.set(path, read)
    return read()
  }

  async function checkFile({ file }: UserFileAuth, { username, password }: { username: string; password: string }) {
    const { users } = await fileAt(file).catch((error: unknown) => {
      logger.error({ err: error }, 'the user file cannot be read')
      throw new SignInRefused(503, 'nobody can sign in: the user file cannot be read; the log of ui-api tells more')
    })
    const hash = users.get(username)
    const dearest = users.size === 0 ? usualCost : Math.max(...[...users.values()].map(each => costOf(each) ?? usualCost))
    if (await verify(password, hash ?? nobodysHash(dearest)) && hash !== undefined) return { heldAgainst: hash }
    // A cheaper hash than others would tell by its time that the name is there: twice its cost is as much as the next one, and so on.
    for (let cost = hash === undefined ? dearest : costOf(hash) ?? dearest; cost < dearest; cost++) await verify(password, nobodysHash(cost))
    return null
  }

  async function verify(password: string, hash: string): Promise<boolean> {
    try {
      return await passwords.verify(password, hash)
    } catch (error) {
      if (error instanceof PasswordsBusy) throw new SignInRefused(503, `${error.message}: try again in some seconds`, 5)
      throw error
    }
  }

  return {
    async check(auth, given) {
      if (auth.kind === 'userFile') return checkFile(auth, given)
      const known = Object.hasOwn(auth.users, given.username) ? auth.users[given.username] : undefined
      const right = timingSafeEqual(digest(given.password), digest(known === undefined ? '' : textOf({ secrets }, known)))
      return known !== undefined && right && given.password !== '' ? { heldAgainst: given.password } : null
    },
    async has(auth, username) {
      if (auth.kind === 'users') return Object.hasOwn(auth.users, username)
      return auth.kind !== 'userFile' || (await fileAt(auth.file).catch(() => null))?.users.has(username) === true
    },
    async heldAgainst(auth, username) {
      try {
        if (auth.kind === 'userFile') return (await fileAt(auth.file)).users.get(username) ?? null
        const password = Object.hasOwn(auth.users, username) ? auth.users[username] : undefined
        return password === undefined ? null : textOf({ secrets }, password)
      } catch (error) {
        logger.error({ err: error }, 'the passwords cannot be read: nobody is signed in')
        return null
      }
    },
  }
}
