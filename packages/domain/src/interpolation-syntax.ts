/**
 * The grammar of Buildbot's Interpolate:
 *
 *     %%                       a percent sign
 *     %(selector:key)s         prop, kw, secret, worker; src takes two keys: %(src:codebase:attribute)s
 *     …:-text                  text, if the key is missing
 *     …:~text                  text, if the key is missing or its value is false
 *     …:+text                  text, if the key is there, else nothing
 *     …:?|there|missing        either, by presence; the character after `?` is the delimiter
 *     …:#?|true|false          either, by truth
 *
 * Every text may hold further `%(…)s`; parentheses inside a lookup must balance.
 */
export type Part = string | Lookup
export type Selector = 'prop' | 'src' | 'kw' | 'secret' | 'worker'
export type Form = '-' | '~' | '+' | '?' | '#?'
export type Lookup = { selector: Selector; codebase: string; key: string; form: Form; instead: Part[]; otherwise: Part[] }

/** `position` counts characters from 0, in the whole format. */
export type InterpolationProblem = { position: number; message: string }

const selectors: readonly string[] = ['prop', 'src', 'kw', 'secret', 'worker'] satisfies Selector[]
const forms: readonly Form[] = ['-', '~', '+', '?', '#?']
const identifier = /^[\p{L}\p{N}_.-]*$/u

const isSelector = (text: string): text is Selector => selectors.includes(text)

/** Parses the whole format, collecting every problem instead of stopping at the first. */
export function parseInterpolation(format: string): { parts: Part[]; problems: InterpolationProblem[] } {
  const problems: InterpolationProblem[] = []
  return { parts: parseParts(format, 0, problems), problems }
}

/** The problems of a format, for checking a configuration; none when it is well-formed. */
export function checkInterpolation(format: string): InterpolationProblem[] {
  return parseInterpolation(format).problems
}

/** The lookups of a format, nested ones too. */
export function lookupsOf(format: string): Lookup[] {
  const flat = (parts: Part[]): Lookup[] => parts.flatMap(part => typeof part === 'string' ? [] : [part, ...flat(part.instead), ...flat(part.otherwise)])
  return flat(parseInterpolation(format).parts)
}

function parseParts(format: string, offset: number, problems: InterpolationProblem[]): Part[] {
  const parts: Part[] = []
  let at = 0
  while (at < format.length) {
    const percent = format.indexOf('%', at)
    if (percent < 0) return [...parts, format.slice(at)]
    if (percent > at) parts.push(format.slice(at, percent))
    if (format[percent + 1] === '%') {
      parts.push('%')
      at = percent + 2
      continue
    }
    const end = format[percent + 1] === '(' ? closingParenthesis(format, percent + 1) : undefined
    if (end === undefined) {
      const message = format[percent + 1] === '(' ? "'%(' without its ')'" : "a '%' that starts nothing: write %(prop:name)s, or %% for a percent sign"
      problems.push({ position: offset + percent, message })
      return parts
    }
    if (format[end + 1] !== 's') problems.push({ position: offset + end + 1, message: `'s' is missing after '${format.slice(percent, end + 1)}'` })
    const lookup = parseLookup(format.slice(percent + 2, end), offset + percent + 2, problems)
    if (lookup) parts.push(lookup)
    at = end + 2
  }
  return parts
}

function closingParenthesis(text: string, opening: number): number | undefined {
  let depth = 0
  for (let at = opening; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return at
  }
  return undefined
}

/** `text` is what stands between the parentheses; `offset` is where it stands in the format. */
function parseLookup(text: string, offset: number, problems: InterpolationProblem[]): Lookup | undefined {
  const wrong = (message: string): undefined => { problems.push({ position: offset, message }) }
  const colon = text.indexOf(':')
  if (colon < 0) return wrong(`'${text}' has no selector: write %(prop:${text})s for a property`)
  const selector = text.slice(0, colon)
  if (!isSelector(selector)) return wrong(`unknown selector '${selector}': expected one of ${selectors.join(', ')}`)

  const keys = selector === 'src' ? 2 : 1
  const fields: string[] = []
  let at = colon + 1
  let rest: string | undefined = text.slice(at)
  while (fields.length < keys && rest !== undefined) {
    const next: number = rest.indexOf(':')
    fields.push(next < 0 ? rest : rest.slice(0, next))
    at += next < 0 ? rest.length : next + 1
    rest = next < 0 ? undefined : rest.slice(next + 1)
  }
  if (fields.length < keys) return wrong(`'${text}' needs a codebase and an attribute: write %(src::branch)s or %(src:codebase:branch)s`)
  const bad = selector === 'secret' || selector === 'worker' ? undefined : fields.find(field => !identifier.test(field))
  if (bad !== undefined) return wrong(`'${bad}' is not a name: letters, digits, '_', '.' and '-' are allowed`)

  const key = fields[keys - 1] ?? ''
  const lookup: Lookup = { selector, codebase: keys === 2 ? fields[0] ?? '' : '', key, form: '-', instead: [], otherwise: [] }
  return rest === undefined ? lookup : parseForm(lookup, rest, { offset: offset + at, problems })
}

function parseForm(lookup: Lookup, text: string, at: { offset: number; problems: InterpolationProblem[] }): Lookup | undefined {
  const form = forms.find(candidate => text.startsWith(candidate))
  if (!form) {
    at.problems.push({ position: at.offset, message: `'${text.slice(0, 1)}' is no form: expected one of ${forms.map(name => `:${name}`).join(' ')}` })
    return undefined
  }
  lookup.form = form
  const tail = text.slice(form.length)
  const offset = at.offset + form.length
  if (form === '-' || form === '~') lookup.otherwise = parseParts(tail, offset, at.problems)
  else if (form === '+') lookup.instead = parseParts(tail, offset, at.problems)
  else return parseTernary(lookup, tail, { ...at, offset })
  return lookup
}

function parseTernary(lookup: Lookup, text: string, at: { offset: number; problems: InterpolationProblem[] }): Lookup | undefined {
  const delimiter = text[0]
  const wrong = (message: string): undefined => { at.problems.push({ position: at.offset, message }) }
  if (delimiter === undefined || delimiter === '(') return wrong(`'${lookup.form}' needs a delimiter other than '(': write :${lookup.form}|one|other`)
  const split = unnestedIndexOf(text, delimiter, 1)
  if (split === undefined) return wrong(`'${text}' has no second '${delimiter}': write :${lookup.form}${delimiter}one${delimiter}other`)
  lookup.instead = parseParts(text.slice(1, split), at.offset + 1, at.problems)
  lookup.otherwise = parseParts(text.slice(split + 1), at.offset + split + 1, at.problems)
  return lookup
}

function unnestedIndexOf(text: string, delimiter: string, from: number): number | undefined {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')') depth--
    if (depth === 0 && text[at] === delimiter) return at
  }
  return undefined
}
