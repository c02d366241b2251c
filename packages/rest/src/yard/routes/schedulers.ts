import { z } from 'zod'
import { forceFormAnswer, forceFormRequest } from '../force-form.js'
import { idOrName, route } from '../route.js'
import { yardSchedulerAnswer, yardSchedulersAnswer } from '../scheduler.js'

const params = z.object({ scheduler: idOrName })

export const schedulerRoutes = {
  list: route({ name: 'listSchedulers', path: '/schedulers', tag: 'builders', summary: 'Schedulers: when they act next, what waits in them, what they could not do', answer: yardSchedulersAnswer }),
  one: route({ name: 'getScheduler', path: '/schedulers/{scheduler}', tag: 'builders', summary: 'A scheduler', params, answer: yardSchedulerAnswer }),
  enable: route({
    name: 'enableScheduler', method: 'post', path: '/schedulers/{scheduler}/enable', tag: 'builders', summary: 'Enables a scheduler', params, answer: yardSchedulerAnswer, action: { thing: 'schedulers', action: 'enable' },
  }),
  disable: route({
    name: 'disableScheduler', method: 'post', path: '/schedulers/{scheduler}/disable', tag: 'builders', summary: 'Disables a scheduler: it makes no builds until it is enabled', params, answer: yardSchedulerAnswer,
    action: { thing: 'schedulers', action: 'disable' },
  }),
  form: route({
    name: 'getForceForm', method: 'post', path: '/forceschedulers/{scheduler}/form', tag: 'builders', summary: 'The form of a force scheduler as it is for one builder, given what was filled in so far',
    description: 'Nothing is changed: it is a POST for the size of what was filled in.', params: z.object({ scheduler: z.string() }), body: forceFormRequest, answer: forceFormAnswer,
  }),
}
