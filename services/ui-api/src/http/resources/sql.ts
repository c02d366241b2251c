/** SQL with its parameters kept apart from its text, so that pieces can be put together without any quoting. */
export type Sql = { readonly text: readonly string[]; readonly values: readonly unknown[] }

const isSql = (part: unknown): part is Sql => typeof part === 'object' && part !== null && 'text' in part && 'values' in part

/** A piece of SQL: other pieces become part of it, everything else a parameter. */
export function sql(strings: TemplateStringsArray, ...parts: unknown[]): Sql {
  return concat(strings.flatMap((text, index) => index < parts.length ? [raw(text), pieceOf(parts[index])] : [raw(text)]))
}

/** Text of ours, never of a request. */
export function raw(text: string): Sql {
  return { text: [text], values: [] }
}

export function join(pieces: readonly Sql[], separator: string): Sql {
  return concat(pieces.flatMap((piece, index) => index === 0 ? [piece] : [raw(separator), piece]))
}

export function toQuery({ text, values }: Sql): { text: string; values: unknown[] } {
  return { text: text.reduce((query, piece, index) => `${query}$${index}${piece}`), values: [...values] }
}

function pieceOf(part: unknown): Sql {
  return isSql(part) ? part : { text: ['', ''], values: [part] }
}

function concat(pieces: readonly Sql[]): Sql {
  const text = ['']
  for (const piece of pieces) {
    text[text.length - 1] += piece.text[0] ?? ''
    text.push(...piece.text.slice(1))
  }
  return { text, values: pieces.flatMap(piece => piece.values) }
}
