import type { NamePattern } from './authz-config.js'

const compiled = new WeakMap<NamePattern, RegExp>()

export function matchesName(pattern: NamePattern, name: string): boolean {
  const expression = compiled.get(pattern) ?? new RegExp(pattern.source, pattern.flags)
  compiled.set(pattern, expression)
  return expression.test(name)
}

/** A range may be the wrong way round. */
function isPattern(source: string): boolean {
  try {
    new RegExp(source, 'u')
    return true
  } catch {
    return false
  }
}

/**
 * As a shell's: `*` any text, `?` any character, `[ab-d]` one of these, `[!ab]` none of these. Of the whole name, in its case. Who makes a token
 * writes globs, too: each `*` but the last takes the shortest text that is followed by what comes behind it, and never another, so that
 * a glob of many stars takes no longer than any other.
 */
export function globPattern(text: string): NamePattern {
  const [first = '', ...others] = partsBetweenStars(text)
  const source = others.map((part, index) => (index === others.length - 1 ? `[^]*${part}` : `(?=(?<s${index}>[^]*?${part}))\\k<s${index}>`))
  return { text, source: `^(?:${first}${source.join('')})$`, flags: 'u' }
}

function partsBetweenStars(text: string): string[] {
  const parts = ['']
  for (let at = 0; at < text.length;) {
    const set = setAt(text, at)
    const character = text.charAt(at)
    if (set === null && character === '*') {
      if (parts.length === 1 || parts.at(-1) !== '') parts.push('')
    } else parts.push(parts.pop() + (set?.source ?? (character === '?' ? '[^]' : character.replace(/[\\^$.|+()[\]{}/]/, String.raw`\$&`))))
    at += set?.length ?? 1
  }
  return parts
}

function setAt(text: string, at: number): { source: string; length: number } | null {
  const [whole, none, characters] = (text.charAt(at) === '[' ? /^\[(!?)(\]?[^\]]*)\]/.exec(text.slice(at)) : null) ?? []
  if (whole === undefined || characters === undefined) return null
  const source = `[${none ? '^' : ''}${characters.replaceAll(/[\\\][^]/g, String.raw`\$&`)}]`
  return isPattern(source) ? { source, length: whole.length } : null
}
