/** Hides the secrets that a build has used, line by line, in everything that it prints. */
export class Mask {
  readonly #secrets = new Map<string, string>()
  #pattern: RegExp | null = null

  /** From now on `value` reads `<name>`. A secret of several lines is hidden line by line. */
  add(name: string, value: string): void {
    for (const line of value.split(/\r?\n/)) if (line.trim() !== '') this.#secrets.set(line, `<${name}>`)
    // The longest first: a secret may contain another.
    const parts = [...this.#secrets.keys()].sort((a, b) => b.length - a.length).map(secret => secret.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    this.#pattern = parts.length > 0 ? new RegExp(parts.join('|'), 'g') : null
  }

  text(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, secret => this.#secrets.get(secret) ?? '<secret>') : text
  }

  /** Whole lines of a log; with `prefixed`, each begins with its stream's letter, which stays. */
  lines(content: Uint8Array, prefixed: boolean): Uint8Array {
    if (!this.#pattern) return content
    const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8')
    if (!prefixed) return Buffer.from(this.text(text))
    return Buffer.from(text.split('\n').map(line => line.slice(0, 1) + this.text(line.slice(1))).join('\n'))
  }
}
