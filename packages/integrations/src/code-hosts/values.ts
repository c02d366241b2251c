import type { Json, Report } from '@yardmaster/domain'

export const textOf = (value: Json): string => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value))

/** A property's text; null: there is none, or it is empty. */
export function propertyText({ properties }: Report, name: string): string | null {
  const value = Object.hasOwn(properties, name) ? properties[name]?.[0] : undefined
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null
}

/** A text for a host that takes so many characters and no more. */
export function cut(text: string, most: number): string {
  const characters = Array.from(text)
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

/** Whether the properties of a change speak of this source stamp: of several, only the one whose repository they name by one of `names`. */
export function isMeant(report: Report, { repository }: Report['sourcestamps'][number], ...names: string[]): boolean {
  return report.sourcestamps.length === 1 || names.some(name => propertyText(report, name) === repository)
}
