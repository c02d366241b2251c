import { z } from 'zod'
import { aboutAnswer, differencesAnswer, generationAnswer, generationsAnswer, reloadAnswer, reloadRequest } from '../generation.js'
import { planAnswer, planRequest } from '../plan.js'
import { limit, route, rowId, searched, wholeNumber } from '../route.js'
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

const generation = z.object({ generation: rowId.describe('Its number.') })

export const generationRoutes = {
  list: route({
    name: 'listGenerations', path: '/generations', tag: 'configuration', summary: 'Every version of the configuration that was ever active', description: 'The newest first.',
    query: z.strictObject({ set: searched.describe('Only those of this configuration set.'), before: wholeNumber, limit }).partial(), answer: generationsAnswer,
  }),
  diff: route({
    name: 'compareGenerations', path: '/generations/{generation}/diff', tag: 'configuration', summary: 'What a generation says otherwise than the one that is active',
    description: 'At most 1,000 differences. Passwords are never told.', params: generation, query: z.strictObject({ against: wholeNumber.describe('Number of another one to compare it with.') }).partial(), answer: differencesAnswer,
  }),
  apply: route({
    name: 'applyGeneration', method: 'post', path: '/generations/{generation}/apply', tag: 'configuration', summary: 'Makes a generation active, also an older one',
    description: 'Builds that run end on theirs. What a replica brings at its start never goes back by itself.', params: generation, answer: generationAnswer,
    errors: { 409: 'Another configuration set has a name of it.' }, action: { thing: 'generations', action: 'apply' },
  }),
}

export const reloadRoutes = {
  reload: route({
    name: 'reload', method: 'post', path: '/reloads', tag: 'configuration', summary: 'Has every replica of a set read its configuration file again', body: reloadRequest, answer: reloadAnswer, status: 202,
    errors: { 409: 'There is no such set.' }, action: { thing: 'generations', action: 'reload' },
  }),
  one: route({ name: 'getReload', path: '/reloads/{reload}', tag: 'configuration', summary: 'What came of a reload', params: z.object({ reload: rowId.describe('Its number.') }), answer: reloadAnswer }),
}

export const aboutRoute = route({ name: 'getAbout', path: '/about', tag: 'installation', summary: 'The installation, in short', answer: aboutAnswer })
