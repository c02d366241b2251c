import type { Transaction } from '@yardmaster/db'
import { giveUpNotification, resendNotification } from '@yardmaster/db/verbs/resend-notification'
import { notificationActions, routes, type NotificationAction, type NotificationDetails } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { readNotificationDetails, readNotifications } from './read-notifications.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** What was told to whom, and what came of it. */
export function notificationRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.notifications.list, ({ query }) => readNotifications(db, query))
  serve(router, deps, routes.notifications.one, async ({ params }) => ({ notification: await one(deps, params.notification) }))
  for (const name of notificationActions) {
    const route = routes.notifications[name]
    serve(router, deps, route, async ({ params, request }) => {
      const { id } = await one(deps, params.notification)
      const now = await act(deps, request, { ...route.action, id }, tx => control(tx, id, name))
      return { notification: await one(deps, now) }
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
  const notification = await readNotificationDetails(db, id)
  if (!notification) throw new YardError(404, `not found: there is no notification ${id}; they are kept for 30 days after their end`)
  return notification
}
