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

/** As a shell's: `*` any text, `?` any character, `[ab-d]` one of these, `[!ab]` none of these. Of the whole name, in its case. */
export function globPattern(text: string): NamePattern {
  let source = ''
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    const set = character === '[' ? /^\[(!?)(\]?[^\]]*)\]/.exec(text.slice(at)) : null
    const characters = set && `[${set[1] ? '^' : ''}${set[2]!.replaceAll(/[\\\][^]/g, String.raw`\$&`)}]`
    if (set && characters && isPattern(characters)) {
      source += characters
      at += set[0].length - 1
    } else source += character === '*' ? '[^]*' : character === '?' ? '[^]' : character.replace(/[\\^$.|+()[\]{}/]/, String.raw`\$&`)
  }
  return { text, source: `^(?:${source})$`, flags: 'u' }
}
