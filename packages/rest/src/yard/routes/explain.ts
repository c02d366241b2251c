import { z } from 'zod'
import { explanationsAnswer } from '../explain.js'
import { idOrName, route, rowId } from '../route.js'

export const explainRoutes = {
  all: route({ name: 'explainPools', path: '/explain', tag: 'workers', summary: 'Why every pool has as many machines as it has, in sentences', answer: explanationsAnswer }),
  pool: route({ name: 'explainPool', path: '/explain/pools/{pool}', tag: 'workers', summary: 'Why a pool has as many machines as it has, in sentences', params: z.object({ pool: idOrName }), answer: explanationsAnswer }),
  builder: route({ name: 'explainBuilder', path: '/explain/builders/{builder}', tag: 'builders', summary: "What a builder's requests wait for, in sentences", params: z.object({ builder: idOrName }), answer: explanationsAnswer }),
  request: route({
    name: 'explainRequest', path: '/explain/requests/{request}', tag: 'builds', summary: 'What a build request waits for, in sentences and for programs', params: z.object({ request: rowId }), answer: explanationsAnswer,
  }),
}
