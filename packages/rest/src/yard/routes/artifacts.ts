import { z } from 'zod'
import { artifactsAnswer } from '../artifact.js'
import { idOrName, route, rowId } from '../route.js'

const file = { tag: 'builds', content: 'application/octet-stream', deep: 'name', answer: z.unknown() } as const

const name = z.string().describe('A relative path: its slashes stay slashes.')

export const artifactRoutes = {
  list: route({ name: 'listArtifacts', path: '/builds/{build}/artifacts', tag: 'builds', summary: 'Files that a build has uploaded, as far as they are whole and still kept', params: z.object({ build: rowId }), answer: artifactsAnswer }),
  download: route({
    ...file, name: 'downloadArtifact', path: '/builds/{build}/artifacts/{name}', summary: 'One of them', params: z.object({ build: rowId, name }),
    description: 'Ranges of bytes and If-None-Match (the ETag is the SHA-256 of the content) are answered as HTTP has them.',
  }),
  newest: route({
    ...file, name: 'downloadNewestArtifact', path: '/builders/{builder}/artifacts/{name}', summary: 'The one of the newest build that succeeded and has it', status: 302, params: z.object({ builder: idOrName, name }),
    description: 'Leads to the address at that build. It is looked for among the last 1000 builds of the builder.',
  }),
}
