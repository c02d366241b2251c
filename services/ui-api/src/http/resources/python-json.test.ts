import type { Json } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { pythonJson } from './python-json.js'

test.each<[Json, string]>([
  [null, 'null'], [true, 'true'], [-1.5, '-1.5'], ['', '""'], [[], '[]'], [{}, '{}'],
  [[1, 'two', null], '[1, "two", null]'],
  [{ b: 1, a: [{ 'x': ', ' }] }, '{"b": 1, "a": [{"x": ", "}]}'],
  ['\u00fc\ud83d\ude00 "\\\n\u007f', String.raw`"\u00fc\ud83d\ude00 \"\\\n\u007f"`],
  [{ '\u00e4': '\u00df' }, String.raw`{"\u00e4": "\u00df"}`],
])('%j is %s', (value, text) => {
  expect(pythonJson(value)).toBe(text)
  expect(JSON.parse(text)).toEqual(value)
})
