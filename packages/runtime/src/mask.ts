/** The text with passwords and tokens inside URLs replaced by `***`: `nats://user:***@host`, `nats://***@host`. */
export function maskCredentials(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)([^\s/@:]*)(:[^\s/@]*)?@/gi, (_all, scheme: string, user: string, password: string | undefined) =>
      password === undefined ? `${scheme}***@` : `${scheme}${user}:***@`)
    .replace(/([?&](?:ssl)?(?:password|token|secret)=)[^&\s]+/gi, '$1***')
}
