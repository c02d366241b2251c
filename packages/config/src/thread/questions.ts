import type { Json } from '@yardmaster/domain'
import { data } from './answer.js'

/** What one call of a function asks whoever called it. */
export class Questions {
  private readonly open = new Map<number, { resolve: (value: Json) => void; reject: (error: Error) => void }>()
  private last = 0

  constructor(private readonly ask: (n: number, what: string, args: Json[]) => void) {}

  /** A function for each name: it takes and answers plain data. */
  functions(names: string[]): { [name: string]: (...args: unknown[]) => Promise<Json> } {
    return Object.fromEntries(names.map(name => [name, async (...args: unknown[]) => {
      const plain = args.map(arg => data(arg, `ctx.${name}`))
      return new Promise<Json>((resolve, reject) => {
        this.open.set(++this.last, { resolve, reject })
        this.ask(this.last, name, plain)
      })
    }]))
  }

  told(n: number, value: Json): void {
    this.open.get(n)?.resolve(value)
    this.open.delete(n)
  }

  untold(n: number, message: string): void {
    this.open.get(n)?.reject(new Error(message))
    this.open.delete(n)
  }
}
