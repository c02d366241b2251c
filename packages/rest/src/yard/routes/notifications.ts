import { z } from 'zod'
import { notificationAnswer, notificationsAnswer, notificationStates } from '../notification.js'
import { limit, route, rowId, searched, wholeNumber } from '../route.js'

const params = z.object({ notification: rowId })

export const notificationRoutes = {
  list: route({
    name: 'listNotifications', path: '/notifications', tag: 'reports', summary: 'What was told to whom, and what came of it', description: 'The newest first; they are kept for 30 days after their end.',
    query: z.strictObject({ reporter: searched, target: searched, build: wholeNumber, state: z.array(z.enum(notificationStates)), before: wholeNumber, limit }).partial(), answer: notificationsAnswer,
  }),
  one: route({ name: 'getNotification', path: '/notifications/{notification}', tag: 'reports', summary: 'A notification, with what was sent and each attempt', params, answer: notificationAnswer }),
  resend: route({
    name: 'resendNotification', method: 'post', path: '/notifications/{notification}/resend', tag: 'reports', summary: 'Sends it now, or once more as a new one', params, answer: notificationAnswer,
    errors: { 409: 'It is just being sent, or a newer status of its subject is known.' }, action: { thing: 'notifications', action: 'resend' },
  }),
  'give-up': route({
    name: 'giveUpNotification', method: 'post', path: '/notifications/{notification}/give-up', tag: 'reports', summary: 'Tries it no more', params, answer: notificationAnswer,
    errors: { 409: 'It does not wait.' }, action: { thing: 'notifications', action: 'give-up' },
  }),
}
