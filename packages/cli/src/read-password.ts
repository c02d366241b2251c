import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { Problem } from './problem.js'

/** From the terminal without echo, twice; else the first line of standard input. Throws Problem when the two differ, or nobody answers. */
export async function readPassword(name: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/)[0] ?? ''
  const given = await ask(`Password for ${name}: `)
  if (await ask('The same again: ') !== given) throw new Problem('these were two different passwords: nothing was changed')
  return given
}

/** What is typed is not shown, and so in no scrollback. */
function ask(question: string): Promise<string> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  return new Promise((resolve, reject) => {
    const end = () => {
      lines.close()
      process.stderr.write('\n')
    }
    lines.once('line', line => { end(); resolve(line) })
    lines.once('SIGINT', () => { end(); reject(new Problem('nothing was changed')) })
  })
}
