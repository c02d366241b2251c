/** A request to our own API is refused, with this HTTP status. */
export class YardError extends Error {
  override name = 'YardError'
  constructor(readonly status: 401 | 404 | 409 | 415 | 429, message: string) {
    super(message)
  }
}
