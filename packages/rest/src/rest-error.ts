import { z } from 'zod'

/** The server refused: `fields` has the message for each field of a force form that was filled in wrongly. */
export class RestError extends Error {
  override name = 'RestError'
  constructor(readonly status: number, message: string, readonly fields: { [field: string]: string } | null = null) {
    super(message)
  }
}

const failure = z.object({ error: z.union([z.string(), z.object({ code: z.number().optional(), message: z.union([z.string(), z.record(z.string(), z.string())]) })]) })

/** Of an answer that is not 2xx. */
export function errorOf(status: number, body: string): RestError {
  const read = failure.safeParse(parseJson(body))
  if (!read.success) return new RestError(status, body.trim().slice(0, 500) || `the server answered ${status}`)
  const { error } = read.data
  if (typeof error === 'string') return new RestError(status, error)
  if (typeof error.message === 'string') return new RestError(status, error.message)
  return new RestError(status, Object.values(error.message).join('; '), error.message)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
