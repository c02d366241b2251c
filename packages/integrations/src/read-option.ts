import type { SendContext } from './reporter-kind.js'
import { SendError } from './send-error.js'

/** A text option, '' and what is not there as null. Throws SendError when it renders to something else. */
export async function textOption({ option }: SendContext, name: string): Promise<string | null> {
  const value = await rendered(option, name)
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'string') return value
  throw new SendError(`option ${name} is ${typeof value === 'object' ? 'a list or record' : `a ${typeof value}`}: a text is expected`, { outcome: 'refused' })
}

export async function numberOption({ option }: SendContext, name: string, otherwise: number): Promise<number> {
  const value = await rendered(option, name)
  return typeof value === 'number' ? value : otherwise
}

/** null: not said. */
export async function flagOption({ option }: SendContext, name: string): Promise<boolean | null> {
  const value = await rendered(option, name)
  return typeof value === 'boolean' ? value : null
}

/** A secret that is not there may be there soon. */
async function rendered(option: SendContext['option'], name: string) {
  try {
    return await option(name)
  } catch (error) {
    throw new SendError(`option ${name}: ${error instanceof Error ? error.message : String(error)}`, { outcome: 'again', retryAfterMs: 60_000, cause: error })
  }
}
