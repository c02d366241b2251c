import type { Json } from '@yardmaster/domain'

const indent = 3

/** JSON as the API writes it: keys in order, three spaces, a space on both sides of the colon. */
export function prettyJson(value: Json, depth = 0): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = ' '.repeat(indent * (depth + 1))
  const outer = ' '.repeat(indent * depth)
  const parts = Array.isArray(value)
    ? value.map(item => inner + prettyJson(item, depth + 1))
    : Object.keys(value).toSorted().flatMap(key => {
        const member = value[key]
        return member === undefined ? [] : [`${inner}${JSON.stringify(key)} : ${prettyJson(member, depth + 1)}`]
      })
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return parts.length === 0 ? open + close : `${open}\n${parts.join(',\n')}\n${outer}${close}`
}
