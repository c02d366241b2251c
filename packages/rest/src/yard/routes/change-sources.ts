import { z } from 'zod'
import { changeSourceAnswer, changeSourcesAnswer } from '../change-source.js'
import { idOrName, route } from '../route.js'

const params = z.object({ source: idOrName })

export const changeSourceRoutes = {
  list: route({ name: 'listChangeSources', path: '/changesources', tag: 'changes', summary: 'Where changes are looked for, how far that is, and what hinders it', answer: changeSourcesAnswer }),
  one: route({ name: 'getChangeSource', path: '/changesources/{source}', tag: 'changes', summary: 'A change source, with what it has read', params, answer: changeSourceAnswer }),
  poll: route({
    name: 'pollChangeSource', method: 'post', path: '/changesources/{source}/poll', tag: 'changes', summary: 'Has a change source polled now', params, answer: changeSourceAnswer,
    action: { thing: 'change_sources', action: 'poll' },
  }),
}
