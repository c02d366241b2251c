import { expect, test } from 'vitest'
import { CapturedOutput } from './captured-output.js'

const MIB = 1024 * 1024

test('both streams, without headers, without their letters', () => {
  const captured = new CapturedOutput()
  captured.add(Buffer.from('hheader\noone\neerr\no\n'))
  captured.add(Buffer.from('otwo\n'))
  expect([captured.stdout, captured.stderr]).toEqual(['one\n\ntwo\n', 'err\n'])
})

test('of much output just the end is kept', () => {
  const captured = new CapturedOutput()
  const line = `o${'x'.repeat(1022)}\n`
  for (let n = 0; n < 64; n++) captured.add(Buffer.from(line.repeat(256)))
  captured.add(Buffer.from('othe end\n'))
  expect(captured.stdout).toHaveLength(MIB)
  expect(captured.stdout.endsWith('x\nthe end\n')).toBe(true)
  expect(captured.stderr).toBe('')
})
