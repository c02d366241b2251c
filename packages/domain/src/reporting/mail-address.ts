/** An address as SMTP takes it: no spaces, quotes or control characters, a domain with a dot or localhost. */
const plainAddress = /^[^\s@<>()[\]\\,;:"\p{Cc}]+@(?:(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?|localhost)$/u

export type MailAddress = { name: string; address: string }

/**
 * Of `a@b.org`, `<a@b.org>` or `Full Name <a@b.org>`; null for anything else. Git's `User <a@b.org>@b.org` is understood. At most 254 characters, as SMTP has it.
 */
export function mailAddressOf(text: string): MailAddress | null {
  if (text.length > 1_000 || /[\r\n\0]/.test(text)) return null
  const [, name = '', inside] = /^([^<>]*)<([^<>]*)>(?:@\S+)?\s*$/.exec(text) ?? []
  const address = (inside ?? text).trim()
  return address.length <= 254 && plainAddress.test(address) ? { name: name.replaceAll(/[\p{Cc}"\\]/gu, '').trim(), address } : null
}

/** Servers may tell a@b from A@b, people do not. */
export const sameMailAddress = (a: MailAddress, b: MailAddress): boolean => a.address.toLowerCase() === b.address.toLowerCase()

/** What is no address is left out: names in changes are what their authors wrote. Each once. */
export function mailAddressesOf(from: readonly string[]): MailAddress[] {
  const all = from.map(mailAddressOf).filter(address => address !== null)
  return all.filter((one, index) => all.findIndex(other => sameMailAddress(other, one)) === index)
}

export const isMailAddress = (text: string): boolean => mailAddressOf(text) !== null
