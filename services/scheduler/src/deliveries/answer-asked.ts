import type { Json } from '@yardmaster/domain'
import type { OpenHost } from '@yardmaster/integrations'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** What a function of the configuration may ask of the host: it never holds the token itself. */
const answers: { [what: string]: (api: OpenHost, args: Json[]) => Promise<Json | void> } = {
  comment: (api, [number, text]) => api.comment(numberOf(number), textOf(text)),
  permissionOf: (api, [user]) => api.permissionOf(textOf(user)),
  pullRequest: async (api, [number]) => ({ ...await api.pullRequest(numberOf(number)) }),
  files: (api, [number]) => api.files(numberOf(number)),
  addLabel: (api, [number, label]) => api.addLabel(numberOf(number), textOf(label)),
  removeLabel: (api, [number, label]) => api.removeLabel(numberOf(number), textOf(label)),
  request: (api, [method, path, body]) => api.request(methodOf(method), pathOf(path), body),
}

export const asks = Object.keys(answers)

export const answerAsked = (api: OpenHost) => async (what: string, args: Json[]): Promise<Json> => await answers[what]?.(api, args) ?? null

function numberOf(value: Json | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new Error(`expected the number of a pull request or an issue, found ${JSON.stringify(value)}`)
}

function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  throw new Error(`expected a text, found ${JSON.stringify(value)}`)
}

function methodOf(value: Json | undefined): (typeof methods)[number] {
  const method = methods.find(name => name === textOf(value).toUpperCase())
  if (method === undefined) throw new Error(`request: expected one of ${methods.join(', ')}, found ${JSON.stringify(value)}`)
  return method
}

/** Below the API's address, and nowhere else: the token goes with it. */
function pathOf(value: Json | undefined): string {
  const path = textOf(value)
  if (!path.startsWith('/')) throw new Error(`request: expected a path that begins with /, below the address of the API, found '${path}'`)
  return path
}
