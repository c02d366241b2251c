import { z } from 'zod'
import { buildCostAnswer } from '../instance.js'
import { rebuildableAnswer, rebuildAnswer, rebuildRequest } from '../rebuild.js'
import { route, rowId } from '../route.js'

const params = z.object({ build: rowId })

export const buildRoutes = {
  cost: route({ name: 'getCostOfBuild', path: '/builds/{build}/cost', tag: 'builds', summary: 'The machine that a build ran on, and its part of the cost', params, answer: buildCostAnswer }),
  rebuildable: route({ name: 'getRebuildable', path: '/builds/{build}/rebuild', tag: 'builds', summary: 'What a build was asked for with', params, answer: rebuildableAnswer }),
  rebuild: route({
    name: 'rebuild', method: 'post', path: '/builds/{build}/rebuild', tag: 'builds', summary: 'Builds it once more, with changes', params, body: rebuildRequest, answer: rebuildAnswer,
    action: { thing: 'builds', action: 'rebuild' },
  }),
}
