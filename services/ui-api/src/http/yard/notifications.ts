import type { Transaction } from '@yardmaster/db'
import { giveUpNotification, resendNotification } from '@yardmaster/db/verbs/resend-notification'
import { notificationActions, notificationStates, type NotificationAction, type NotificationDetails, type NotificationFilter } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { readNotificationDetails, readNotifications } from './read-notifications.js'
import { YardError } from './yard-error.js'

const MOST = 1_000

/** Of what is looked for: the database takes no NUL. */
const name = z.string().refine(text => !text.includes('\0'), 'a name has no NUL character')

const filterSchema = z.strictObject({
  reporter: name, target: name, build: z.coerce.number().int(), state: z.array(z.enum(notificationStates)), before: z.coerce.number().int(), limit: z.coerce.number().int().min(1).max(MOST),
}).partial()

/** What was told to whom, and what came of it. */
export function notificationRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => sendJson(request, response, await readNotifications(db, filterOf(request))))
  router.get('/:notification', async (request, response) => sendJson(request, response, { notification: await one(deps, Number(request.params['notification'])) }))
  for (const action of notificationActions) {
    router.post(`/:notification/${action}`, async (request, response) => {
      z.strictObject({}).parse(request.body ?? {})
      const { id } = await one(deps, Number(request.params['notification']))
      const now = await act(deps, request, { action, thing: 'notifications', id }, tx => control(tx, id, action))
      sendJson(request, response, { notification: await one(deps, now) })
    })
  }
  return router
}

/** Answers with the id of the notification that is now to be looked at. */
async function control(tx: Transaction, id: number, action: NotificationAction): Promise<number> {
  if (action === 'give-up') {
    if (!await giveUpNotification(tx, { id, reason: 'given up by order' })) throw new YardError(409, `notification ${id} does not wait: there is nothing to give up`)
    return id
  }
  const resent = await resendNotification(tx, { id })
  if (resent === 'sending') throw new YardError(409, `notification ${id} is just being sent`)
  if (resent === 'superseded') throw new YardError(409, `notification ${id} is not sent again: a newer status of its subject is known, which it would undo`)
  if (resent === 'absent') throw new YardError(404, `not found: there is no notification ${id}`)
  return resent.id
}

async function one({ db }: Deps, id: number): Promise<NotificationDetails> {
  const notification = Number.isSafeInteger(id) ? await readNotificationDetails(db, id) : null
  if (!notification) throw new YardError(404, `not found: there is no notification ${id}; they are kept for 30 days after their end`)
  return notification
}

function filterOf({ url }: Request): NotificationFilter {
  const parameters = new URLSearchParams(url.split('?')[1] ?? '')
  const state = parameters.getAll('state').flatMap(text => text.split(','))
  parameters.delete('state')
  return filterSchema.parse({ ...Object.fromEntries(parameters), ...(state.length > 0 && { state }) })
}
