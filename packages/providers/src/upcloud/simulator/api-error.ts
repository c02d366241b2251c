/** What the API answers instead of doing something. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** Such as SERVER_NOT_FOUND. */
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const invalid = (code: string, message: string) => new ApiError(400, code, message)
export const forbidden = (code: string, message: string) => new ApiError(403, code, message)
export const notFound = (kind: string, name: string) => new ApiError(404, `${kind.toUpperCase().replaceAll(' ', '_')}_NOT_FOUND`, `The ${kind} ${name} does not exist.`)
export const conflict = (code: string, message: string) => new ApiError(409, code, message)
