import type { AvatarMethod } from '@yardmaster/domain'
import { createHash } from 'node:crypto'
import { escapeXml } from './escape-xml.js'

export type Pictured = { email: string; username: string | null; size: number }

const smallest = 8
const largest = 512

/** Whose picture is asked for, as in Buildbot: `?email=…&username=…&size=32`. */
export function picturedIn(query: URLSearchParams): Pictured {
  const size = Number.parseInt(query.get('size') ?? '32', 10)
  // Buildbot's page writes the second of its two parameters like this.
  const email = query.get('email') ?? query.get('amp;email') ?? ''
  return { email, username: query.get('username'), size: Number.isNaN(size) ? 32 : Math.min(Math.max(size, smallest), largest) }
}

/** Where the picture is, or the picture itself. */
export function avatarOf(pictured: Pictured, methods: readonly AvatarMethod[]): { location: string } | { svg: string } {
  return methods[0] === 'gravatar' ? { location: gravatarOf(pictured) } : { svg: initialsOf(pictured) }
}

function gravatarOf({ email, size }: Pictured): string {
  return `//www.gravatar.com/avatar/${createHash('md5').update(email.toLowerCase()).digest('hex')}?d=retro&s=${size}`
}

/** One or two letters on a colour that the same person always has. */
function initialsOf({ email, username, size }: Pictured): string {
  const who = username || nameIn(email)
  const letters = who.split(/[\s._+-]+/u).flatMap(word => Array.from(word.matchAll(/^./gu), ([first]) => first)).slice(0, 2).join('').toUpperCase() || '?'
  const hue = createHash('sha256').update((email || who).toLowerCase()).digest().readUInt16BE() % 360
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 32 32"><rect width="32" height="32" fill="hsl(${hue},45%,40%)"/>`
    + `<text x="16" y="21" fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="14" text-anchor="middle">${escapeXml(letters)}</text></svg>\n`
}

/** Of an address, with or without a name before it. */
function nameIn(email: string): string {
  const [before = '', within] = email.split('<', 2)
  const name = within === undefined ? '' : before.trim().replaceAll('"', '')
  return name || ((within ?? before).replace('>', '').trim().split('@')[0] ?? '')
}
