/** A message of a code host is not accepted: answered with this HTTP status, which tells the host whether to send it again. */
export class HookError extends Error {
  override readonly name = 'HookError'
  constructor(readonly status: 400 | 401 | 404 | 413 | 503, message: string, options?: ErrorOptions) {
    super(message, options)
  }
}
