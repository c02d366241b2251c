import { isRecord, type Json, type JsonRecord } from '@yardmaster/domain'
import { ProviderError } from './provider-error.js'

/** Options of one kind of machine, rendered: anything may have come out. What is wrong is a ProviderError of class `configuration` that names the option. */
export function renderedOptions(kind: string, options: JsonRecord) {
  const wrong = (option: string, expected: string, found: Json) =>
    new ProviderError(`${kind}'s option ${option} is to be ${expected}, but was rendered as ${JSON.stringify(found).slice(0, 100)}`, { failureClass: 'configuration', code: 'OPTION_INVALID' })
  const given = (option: string): Json | undefined => options[option] ?? undefined
  /** Properties of builds are often texts. */
  const numberFrom = (value: Json): number => (typeof value === 'string' ? Number(value) : typeof value === 'number' ? value : NaN)
  return {
    wrong,
    /** An empty text is as if it were not there. */
    text(option: string): string | null {
      return this.textOr(option, '') || null
    },
    textOr(option: string, otherwise: string): string {
      const value = given(option)
      if (value === undefined) return otherwise
      if (typeof value !== 'string') throw wrong(option, 'a text', value)
      return value
    },
    texts(option: string): string[] {
      const value = given(option)
      if (value === undefined || value === '') return []
      const list = Array.isArray(value) ? value : [value]
      if (!list.every(item => typeof item === 'string')) throw wrong(option, 'a list of texts', value)
      return list.filter(item => item !== '')
    },
    /** Above 0. */
    number(option: string): number | null {
      const value = given(option)
      if (value === undefined || value === '') return null
      const found = numberFrom(value)
      if (!Number.isFinite(found) || found <= 0) throw wrong(option, 'a number above 0', value)
      return found
    },
    wholeNumber(option: string): number | null {
      const value = given(option)
      if (value === undefined || value === '') return null
      const found = numberFrom(value)
      if (!Number.isSafeInteger(found) || found < 1) throw wrong(option, 'a whole number above 0', value)
      return found
    },
    yes(option: string, otherwise = false): boolean {
      const value = given(option)
      if (value !== undefined && typeof value !== 'boolean') throw wrong(option, 'true or false', value)
      return value ?? otherwise
    },
    oneOf<T extends string>(option: string, words: readonly T[], otherwise: T): T {
      const value = given(option)
      if (value === undefined) return otherwise
      const found = words.find(word => word === value)
      if (found === undefined) throw wrong(option, `one of ${words.join(', ')}`, value)
      return found
    },
    record(option: string): JsonRecord {
      const value = given(option)
      if (value === undefined) return {}
      if (!isRecord(value)) throw wrong(option, 'a record', value)
      return value
    },
    /** null in a record of texts is as if it were not there. */
    textRecord(option: string): { [key: string]: string } {
      const entries = Object.entries(this.record(option)).filter(([, value]) => value !== null)
      return Object.fromEntries(entries.map(([key, value]) => {
        if (typeof value === 'object') throw wrong(`${option}.${key}`, 'a text', value)
        return [key, String(value)]
      }))
    },
  }
}

export type RenderedOptions = ReturnType<typeof renderedOptions>
