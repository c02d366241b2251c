/** There was no connection, so nothing can have happened. */
const unreached = /^(ECONNREFUSED|ENOENT|EACCES|EPERM|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/
/** Whose certificate is not believed was told nothing. Nothing changes until somebody looks. */
const untrusted = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_(GET|VERIFY)/

/** What is known of a call that had no answer, by the system's code. */
export function connectionFailure(code: string | null): { mayHaveHappened: boolean; needsPeople: boolean } {
  if (code === null) return { mayHaveHappened: true, needsPeople: false }
  const distrusted = untrusted.test(code)
  return { mayHaveHappened: !distrusted && !unreached.test(code), needsPeople: distrusted || code === 'EACCES' || code === 'EPERM' }
}
