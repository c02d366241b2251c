import type { Json } from '@yardmaster/domain'
import type { Trust } from '../http/exchange.js'
import type { SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'

/** What every code host's reporter says of how it is reached. */
export type Connection = { baseUrl: string; trust: Trust }

export async function connectionOf(context: SendContext): Promise<Connection> {
  const [baseUrl, verify, ca] = [await secretText(context, 'baseURL'), await context.option('verify'), await secretText(context, 'ca')]
  return { baseUrl: baseUrl ?? '', trust: { verify: verify !== false, ca } }
}

/** An option's text, secrets included; null: it is not said. Throws SendError when it cannot be had: a secret that is not there yet may be there soon. */
export async function secretText(context: SendContext, name: string): Promise<string | null> {
  const value = await optionValue(context, name)
  if (value === null || value === '') return null
  if (typeof value !== 'string') throw new SendError(`${name}: a text is expected, found ${typeof value}`, { outcome: 'refused' })
  return value
}

/** The same for a record of them. */
export async function optionValue({ option }: SendContext, name: string): Promise<Json> {
  try {
    return await option(name)
  } catch (error) {
    throw new SendError(`${name} cannot be had: ${error instanceof Error ? error.message : String(error)}`, { outcome: 'again', retryAfterMs: 60_000 })
  }
}

/** The value of the header `authorization`. */
export const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
