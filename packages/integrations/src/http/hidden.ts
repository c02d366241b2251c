/** The text with every secret in it replaced by ***: other sides repeat in errors what they were told. */
export function hidden(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => (secret === '' ? left : left.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***')), text)
}
