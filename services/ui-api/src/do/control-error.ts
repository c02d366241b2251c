export const controlCodes = { parseError: -32700, invalidRequest: -32600, methodNotFound: -32601, invalidParams: -32602 } as const

/** A control action is refused: told to the caller as JSON-RPC error with this HTTP status. */
export class ControlError extends Error {
  override name = 'ControlError'
  constructor(readonly status: number, readonly code: number, message: string, /** Message by field of a form. */ readonly fields: { [field: string]: string } | null = null) {
    super(message)
  }
}

export const invalidParams = (message: string) => new ControlError(400, controlCodes.invalidParams, message)
export const notFound = (what: string) => new ControlError(404, controlCodes.invalidRequest, `not found: ${what}`)
