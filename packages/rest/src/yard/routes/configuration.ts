import { planAnswer, planRequest } from '../plan.js'
import { route } from '../route.js'
import { tryAnswer, tryRequest, trySchedulersAnswer } from '../try.js'

const errors = { 401: 'No try scheduler knows this user with this password.', 429: 'Too many wrong passwords.' }

export const planRoute = route({
  name: 'plan', method: 'post', path: '/plan', tag: 'configuration', summary: 'What the schedulers of the active configurations would make of a change', description: 'Nothing is written.',
  body: planRequest, answer: planAnswer, errors: { 409: 'No configuration is active yet.' },
})

export const tryRoutes = {
  schedulers: route({ name: 'listTrySchedulers', path: '/try', tag: 'builds', summary: 'The try schedulers that the user may use', answer: trySchedulersAnswer, errors, auth: 'basic' }),
  try: route({
    name: 'try', method: 'post', path: '/try', tag: 'builds', summary: 'Builds a patch from a working tree', body: tryRequest, answer: tryAnswer, errors, auth: 'basic',
    // A patch of 10 MiB, as JSON.
    bodyLimit: '24mb', action: { thing: 'schedulers', action: 'try' },
  }),
}
