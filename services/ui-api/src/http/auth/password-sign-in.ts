import type { Request, Response } from 'express'
import { z } from 'zod'
import { callerFor, personOf, type Person } from '../../access/person.js'
import type { Callers } from '../../access/callers.js'
import { clientAddress } from '../../access/client-address.js'
import { countTries } from '../../access/count-tries.js'
import type { PasswordAuth } from '../../access/password-users.js'
import { SignInRefused } from '../../access/www-of.js'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { isCrossSite } from '../same-origin.js'
import { sendAnswerPage } from './answer-page.js'
import { userOf } from './frontend-auth.js'

const form = z.strictObject({ username: z.string().max(255), password: z.string().max(1_024) })
type Given = z.infer<typeof form>
type Ways = {
  /** Buildbot's: the browser asks for the password, and sends it again. */
  byBasic(auth: PasswordAuth, request: Request, response: Response, to: { basePath: string; landing: string }): Promise<void>
  byForm(auth: PasswordAuth, request: Request, response: Response): Promise<void>
}

export function passwordSignIn(deps: Deps, { users, sessions }: Callers): Ways {
  async function signIn(auth: PasswordAuth, request: Request, response: Response, given: Given): Promise<Person> {
    const address = clientAddress(request)
    const right = await countTries(deps, { username: given.username, address }, () => users.check(auth, given))
    if (right === null) throw new SignInRefused(401, 'the name or the password is wrong')
    const person = personOf({ username: given.username })
    response.append('set-cookie', await sessions.start(request, person, right.heldAgainst))
    deps.logger.info({ actor: callerFor(person).actor, address }, 'somebody signed in')
    return person
  }

  return {
    async byForm(auth, request, response) {
      const given = form.safeParse(request.body)
      if (!given.success) throw new SignInRefused(400, 'expected {username, password}')
      sendJson(request, response, userOf(callerFor(await signIn(auth, request, response, given.data))))
    },
    async byBasic(auth, request, response, { basePath, landing }) {
      const formPage = `${basePath}sign-in?${new URLSearchParams({ to: landing })}`
      // A foreign page's link may bring its own name and password, to make our user work as somebody else.
      if (isCrossSite(request)) return response.redirect(formPage)
      const given = basicOf(request)
      const ask = () => {
        response.set('www-authenticate', 'Basic realm="Yardmaster", charset="UTF-8"')
        sendAnswerPage(response, { status: 401, title: 'You are not signed in', message: 'The name or the password is wrong, or was not given.', link: { to: formPage, text: 'Sign in' } })
      }
      if (given === null) return ask()
      try {
        await signIn(auth, request, response, given)
      } catch (error) {
        if (error instanceof SignInRefused && error.status === 401) return ask()
        throw error
      }
      response.redirect(landing)
    },
  }
}

function basicOf({ headers }: Request): Given | null {
  const encoded = /^basic +([\w+/=-]+) *$/i.exec(headers.authorization ?? '')?.[1]
  if (encoded === undefined) return null
  const [, username = '', password = ''] = /^([^:]*):([^]*)$/.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  return form.safeParse({ username, password }).data ?? null
}
