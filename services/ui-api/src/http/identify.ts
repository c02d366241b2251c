import type { NextFunction, Request, Response } from 'express'
import type { IncomingMessage } from 'node:http'
import { setCaller } from '../access/caller-of.js'
import { Unauthorized, type Callers } from '../access/callers.js'
import { SignInRefused } from '../access/www-of.js'

/** Finds out who asks, for all that comes after. Rejects with Unauthorized. */
export async function identify(request: IncomingMessage, { find }: Pick<Callers, 'find'>): Promise<void> {
  setCaller(request, await find(request), again => find(again, true))
}

export function identified(callers: Callers) {
  return async (request: Request, response: Response, next: NextFunction) => {
    try {
      await identify(request, callers)
    } catch (error) {
      if (error instanceof SignInRefused && error.retryAfterSeconds !== null) response.set('retry-after', String(error.retryAfterSeconds))
      if (error instanceof Unauthorized) response.set('www-authenticate', 'Bearer error="invalid_token"')
      return next(error)
    }
    next()
  }
}
