import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { productFiles, root } from './product-files.js'
import { findTimeAndChance } from './time-and-chance.js'

/** Besides `main.ts`, the only files that may ask the machine, and why. */
const doors: { [path: string]: string } = {
  'packages/runtime/src/clock.ts': 'the clock and the source of chance themselves',
}

const isMain = (path: string) => /\/main\.tsx?$/.test(path)

test('time and chance enter at main.ts only', () => {
  const files = productFiles()
  expect(files.length).toBeGreaterThan(50)
  const found = files.filter(path => !isMain(path) && !(path in doors)).flatMap(path =>
    findTimeAndChance(path, readFileSync(join(root, path), 'utf8')).map(({ what, line }) => `${path}:${line} ${what}`))
  expect(found).toEqual([])
})

test('each door is there and needed', () => {
  for (const path of Object.keys(doors)) expect(findTimeAndChance(path, readFileSync(join(root, path), 'utf8')), path).not.toEqual([])
})

test.each([
  ['const t = Date.now()', 'Date.now'],
  ['const t = new Date()', 'new Date()'],
  ['const t = new Date', 'new Date()'],
  ['const t = Date()', 'Date as a value'],
  ['const { now } = Date', 'Date as a value'],
  ['const clock = { now: Date.now }', 'Date.now'],
  ['const t = globalThis.Date.now()', 'globalThis.Date'],
  ['const x = Math.random()', 'Math.random'],
  ["const x = Math['random']()", 'Math.random'],
  ['const { random } = Math', 'Math as a value'],
  ['const t = performance.now()', 'performance'],
  ['setTimeout(() => {}, 5)', 'setTimeout'],
  ['const later = { setTimeout }', 'setTimeout'],
  ['window.setInterval(() => {}, 5)', 'window.setInterval'],
  ['fetch(url, { signal: AbortSignal.timeout(5) })', 'AbortSignal.timeout'],
  ['const t = process.hrtime.bigint()', 'process.hrtime'],
  ['const id = crypto.randomUUID()', 'crypto.randomUUID'],
  ["import { randomUUID as id } from 'node:crypto'", 'import of randomUUID'],
  ["import { randomBytes } from 'node:crypto'", 'import of randomBytes'],
  ["import { setTimeout as sleep } from 'node:timers/promises'", 'import of node:timers/promises'],
  ["import { systemClock } from '@yardmaster/runtime'", 'import of systemClock'],
])('a planted `%s` is found', (text, what) => {
  expect(findTimeAndChance('planted.ts', `// first line\n${text}\n`)).toEqual([{ what, line: 2 }])
})

test.each([
  'const t = new Date(row.finishedAt)',
  'const t = Date.UTC(2026, 0, 1) + Date.parse(text)',
  'const isDate = (value: unknown): value is Date => value instanceof Date',
  'clock.setTimeout(() => {}, 5)',
  'type Timers = { setTimeout(fn: () => void): void; now: Date }',
  'const clock = { setTimeout: arm, now: () => wall }',
  'let timer: ReturnType<typeof setTimeout>',
  "import type { systemClock } from '@yardmaster/runtime'",
  "const advice = 'Date.now() and setTimeout(…) are not for here' // nor Math.random()",
  'const n = Math.max(1, 2)',
])('`%s` is fine', text => {
  expect(findTimeAndChance('planted.ts', text)).toEqual([])
})
