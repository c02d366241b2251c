import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'yard-password-'))
const file = join(folder, 'users')
const main = join(import.meta.dirname, '../dist/main.js')
afterAll(() => rmSync(folder, { recursive: true }))

/** `yard user …` in a terminal, in which each answer is typed when its question is asked. */
async function inTerminal(args: string, answers: { [question: string]: string }): Promise<{ code: number | null; shown: string }> {
  const left = Object.entries(answers)
  // Of util-linux: a terminal of its own for the command.
  const child = spawn('script', ['-qec', `'${process.execPath}' '${main}' user ${args} --file '${file}'`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    const [question, answer] = left[0] ?? []
    if (question === undefined || !shown.includes(question)) return
    left.shift()
    child.stdin.write(answer)
  })
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  return { code, shown }
}
const users = () => readFileSync(file, 'utf8').split('\n').filter(line => line !== '').map(line => line.split(':')[0])

describe.runIf(process.platform === 'linux')('a password that is typed in a terminal', () => {
  it('is asked for twice, and never shown', async () => {
    const { code, shown } = await inTerminal('add ann', { 'Password for ann: ': 'correct horse\r', 'The same again: ': 'correct horse\r' })
    expect([code, shown]).toEqual([0, expect.stringContaining('ann may sign in')])
    expect(shown).not.toContain('horse')
    expect(users()).toEqual(['ann'])
  })

  it('may be pasted for both questions at once', async () => {
    const { code, shown } = await inTerminal('add bob', { 'Password for bob: ': 'correct horse\rcorrect horse\r' })
    expect([code, shown]).toEqual([0, expect.stringContaining('bob may sign in')])
    expect(shown).not.toContain('horse')
  })

  it.each([['two that differ', { 'Password for carl: ': 'one thing\r', 'The same again: ': 'another\r' }, 'two different passwords'], ['Ctrl-C', { 'Password for carl: ': 'one thing\u0003' }, 'nothing was changed'], ['Ctrl-D', { 'Password for carl: ': '\u0004' }, 'nothing was changed']])('%s change nothing', async (_, answers, told) => {
    const before = users()
    const { code, shown } = await inTerminal('add carl', answers)
    expect([code, shown]).toEqual([1, expect.stringContaining(told)])
    expect(users()).toEqual(before)
  })
})
