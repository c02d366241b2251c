import { readFileSync } from 'node:fs'

const words = ['begin', 'end', 'overlap', 'lock-broken'] as const
type Word = (typeof words)[number]

/** What the commands themselves wrote down, in the order in which it happened. */
export type Truth = { [word in Word]: string[] }

export function readTruth(file: string): Truth {
  const truth: Truth = { begin: [], end: [], overlap: [], 'lock-broken': [] }
  for (const line of readFileSync(file, 'utf8').split('\n').filter(text => text !== '')) {
    const [word, command] = line.split(' ') as [Word, string | undefined]
    if (!words.includes(word) || command === undefined) throw new Error(`the truth has a line that no command writes: ${line}`)
    truth[word].push(command)
  }
  return truth
}
