import type { Fact } from '@yardmaster/db'
import type { Json } from '@yardmaster/domain'

/** Shorter lines of a secret of several lines ("{", "}" of a JSON key) tell nothing, and hiding them would spoil everything else. */
const SHORTEST_LINE = 4

/** Hides the secrets that a build has used, line by line, in everything that it prints or says. */
export class Mask {
  readonly #values = new Map<string, string>()
  readonly #secrets = new Map<string, string>()
  #pattern: RegExp | null = null

  /** From now on `value` reads `<name>`. A secret of several lines is hidden line by line. */
  add(name: string, value: string): void {
    if (this.#values.get(name) === value) return
    this.#values.set(name, value)
    for (const line of linesOf(value)) for (const form of formsOf(line)) this.#secrets.set(form, `<${name}>`)
    // The longest first: a secret may contain another.
    const parts = [...this.#secrets.keys()].sort((a, b) => b.length - a.length).map(secret => secret.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    this.#pattern = parts.length > 0 ? new RegExp(parts.join('|'), 'g') : null
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  text(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, secret => this.#secrets.get(secret) ?? '<secret>') : text
  }

  /** Every text in it, names too. */
  json(value: Json): Json {
    if (!this.#pattern || value === null) return value
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map(item => this.json(item))
    return typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, item]) => [this.text(name), this.json(item)])) : value
  }

  /** What a fact says to people. Content of logs is masked as it comes in. */
  fact(fact: Fact): Fact {
    if (!this.#pattern || (fact.kind !== 'build-updated' && fact.kind !== 'build-finished' && fact.kind !== 'step-updated')) return fact
    const masked = fact.stateString === undefined ? fact : { ...fact, stateString: this.text(fact.stateString) }
    if (masked.kind !== 'step-updated' || !masked.urls) return masked
    return { ...masked, urls: masked.urls.map(({ name, url }) => ({ name: this.text(name), url: this.text(url) })) }
  }

  /** Whole lines of a log; with `prefixed`, each begins with its stream's letter, which stays. */
  lines(content: Uint8Array, prefixed: boolean): Uint8Array {
    if (!this.#pattern) return content
    const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8')
    if (!prefixed) return Buffer.from(this.text(text))
    return Buffer.from(text.split('\n').map(line => line.slice(0, 1) + this.text(line.slice(1))).join('\n'))
  }
}

function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map(line => line.trim()).filter(line => line !== '')
  return lines.length > 1 ? lines.filter(line => line.length >= SHORTEST_LINE) : lines
}

/** As it is, as JSON has it, and as a worker's header quotes it in Python's way. */
function formsOf(line: string): string[] {
  const escaped = line.replaceAll('\\', '\\\\').replaceAll('\t', '\\t')
  return [line, escaped, escaped.replaceAll("'", "\\'"), JSON.stringify(line).slice(1, -1)]
}
