/** What the user can put right: shown as it is, without a stack; the command ends with exit code 1. */
export class Problem extends Error {
  override readonly name = 'Problem'
}

export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
