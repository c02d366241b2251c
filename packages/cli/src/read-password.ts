import { createInterface, type Interface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { Problem } from './problem.js'

/** From the terminal without echo, twice; else the first line of standard input. Throws Problem when the two differ, or nobody answers. */
export async function readPassword(name: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/)[0] ?? ''
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  // One for both questions, and before the first: what is typed is not shown, and so in no scrollback, nor is it lost when it comes early.
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 })
  lines.on('SIGINT', () => lines.close())
  try {
    const typed = lines[Symbol.asyncIterator]()
    const given = await ask(typed, `Password for ${name}: `)
    if (await ask(typed, 'The same again: ') !== given) throw new Problem('these were two different passwords: nothing was changed')
    return given
  } finally {
    lines.close()
  }
}

/** Throws Problem when it is broken off. */
async function ask(typed: ReturnType<Interface[typeof Symbol.asyncIterator]>, question: string): Promise<string> {
  process.stderr.write(question)
  const { done, value } = await typed.next()
  process.stderr.write('\n')
  if (done === true) throw new Problem('nothing was changed')
  return value
}
