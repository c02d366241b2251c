import { escapeXml } from './escape-xml.js'

export type BadgeStatus = 'success' | 'warnings' | 'failure' | 'skipped' | 'exception' | 'retry' | 'cancelled' | 'running' | 'unknown'

/** Buildbot's options of badges, by its names; texts, as they come in a query. */
export type BadgeOptions = { readonly [option: string]: string | undefined }
export type ColorScheme = { readonly [status: string]: string | undefined }

const styles = ['plastic', 'flat', 'flat-square', 'badgeio'] as const
type Style = (typeof styles)[number]

const colors: { [Status in BadgeStatus]: string } = {
  success: '#4c1', warnings: '#dfb317', failure: '#e05d44', skipped: '#a4a61d', exception: '#007ec6', retry: '#007ec6', cancelled: '#007ec6', running: '#007ec6', unknown: '#9f9f9f',
}
const longestText = 200

type Half = { text: string; color: string; width: number }
type Look = { style: Style; radius: number; fontFace: string; fontSize: number; height: number }

/** A picture of a builder's state. */
export function badgeSvg(status: BadgeStatus, options: BadgeOptions, scheme: ColorScheme = {}): string {
  const number = (name: string, otherwise: number, most: number) => Math.min(/^\d{1,4}$/.test(options[name] ?? '') ? Number(options[name]) : otherwise, most)
  const style = styles.find(name => name === options['style']) ?? 'plastic'
  const fontSize = number('font_size', 11, 40)
  const look: Look = { style, fontSize, radius: style === 'flat-square' ? 0 : number('border_radius', style === 'badgeio' ? 3 : 5, 40), fontFace: options['font_face'] ?? 'DejaVu Sans', height: Math.max(20, fontSize + 9) }
  const half = (text: string, color: string, pad: number): Half => ({ text: text.slice(0, longestText), color, width: Math.ceil(widthOf(text.slice(0, longestText)) * fontSize) + 2 * pad })
  const left = half(options['left_text'] ?? 'Build Status', colorIn(options['left_color'], '#555'), number('left_pad', 5, 200))
  const right = half(status, colorIn(scheme[status], colors[status]), number('right_pad', 5, 200))
  return draw(left, right, look)
}

/** What may stand where a colour is expected and is nothing else. */
const colorIn = (given: string | undefined, otherwise: string) => (given !== undefined && /^(#?[\da-fA-F]{3,8}|[a-zA-Z]{3,30})$/.test(given) ? hashed(given) : otherwise)
const hashed = (color: string) => (/^([\da-fA-F]{3}|[\da-fA-F]{6})$/.test(color) ? `#${color}` : color)

function draw(left: Half, right: Half, { style, radius, fontFace, fontSize, height }: Look): string {
  const width = left.width + right.width
  const shine = style === 'flat-square' ? '' : `<rect width="${width}" height="${height}" fill="url(#shine)"/>`
  const baseline = Math.round(height / 2 + fontSize * 0.36)
  const label = (half: Half, middle: number) => (style === 'flat-square' ? '' : `<text x="${middle}" y="${baseline + 1}" fill="#010101" fill-opacity=".3">${escapeXml(half.text)}</text>`) + `<text x="${middle}" y="${baseline}">${escapeXml(half.text)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="${escapeXml(`${left.text}: ${right.text}`)}">`,
    `<title>${escapeXml(`${left.text}: ${right.text}`)}</title>`,
    `<linearGradient id="shine" x2="0" y2="100%">${gradients[style]}</linearGradient>`,
    `<clipPath id="shape"><rect width="${width}" height="${height}" rx="${radius}"/></clipPath>`,
    `<g clip-path="url(#shape)"><rect width="${left.width}" height="${height}" fill="${escapeXml(left.color)}"/><rect x="${left.width}" width="${right.width}" height="${height}" fill="${escapeXml(right.color)}"/>${shine}</g>`,
    `<g fill="#fff" text-anchor="middle" font-family="${escapeXml(fontFace)},Verdana,Geneva,sans-serif" font-size="${fontSize}">${label(left, left.width / 2)}${label(right, left.width + right.width / 2)}</g>`,
    '</svg>\n',
  ].join('')
}

const glossy = '<stop offset="0" stop-color="#fff" stop-opacity=".6"/><stop offset=".1" stop-color="#aaa" stop-opacity=".1"/><stop offset=".9" stop-opacity=".25"/><stop offset="1" stop-opacity=".45"/>'
const gradients: { [S in Style]: string } = { plastic: glossy, badgeio: glossy, flat: '<stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/>', 'flat-square': '' }

/** In units of the font's size: of a face as wide as DejaVu Sans. */
function widthOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (/[ijl|!.,:;'`]/.test(character) ? 0.32 : /[frt()[\]{} "\-/\\]/.test(character) ? 0.4 : /[mwMW@%]/.test(character) ? 0.95 : /[A-Z]/.test(character) ? 0.7 : /[\u0020-\u024F]/.test(character) ? 0.62 : 1), 0)
}
