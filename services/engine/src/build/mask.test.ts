import { describe, expect, test } from 'vitest'
import { Mask } from './mask.js'
import { secretsUsed } from './secrets-used.js'

const masked = (secrets: { [name: string]: string }, text: string) => {
  const mask = new Mask()
  for (const [name, value] of Object.entries(secrets)) mask.add(name, value)
  return mask.text(text)
}

describe('a secret', () => {
  test.each([
    ['as it is', { t: 'hunter2' }, 'is hunter2!', 'is <t>!'],
    ['with signs of regular expressions', { t: 'a.b*c(' }, 'axbxc( a.b*c(', 'axbxc( <t>'],
    ['that contains another', { short: 'abc', long: 'abcdef' }, 'abcdef abc', '<long> <short>'],
    ['line by line, indented or not', { key: 'BEGIN KEY\n  middle\nEND KEY\n' }, 'x BEGIN KEY\nmiddle\nEND KEY', 'x <key>\n<key>\n<key>'],
    ['of JSON, of which the brackets tell nothing', { key: '{\n  "private": "pqr"\n}' }, '{"a": 1}\n  "private": "pqr"\n', '{"a": 1}\n  <key>\n'],
    ['quoted by JSON', { t: 'qu"o\\te' }, JSON.stringify({ x: 'qu"o\\te' }), '{"x":"<t>"}'],
    ['quoted by Python, in the header of a command', { t: `it's\\"` }, `argv: ['echo', 'it\\'s\\\\"']`, `argv: ['echo', '<t>']`],
    ['that is empty hides nothing', { t: '' }, 'abc', 'abc'],
    ['that was rotated, both', { t: 'new-value' }, 'new-value', '<t>'],
  ])('%s', (_what, secrets, text, expected) => {
    expect(masked(secrets, text)).toBe(expected)
  })

  test('is hidden in log lines, but never in the letter of their stream', () => {
    const mask = new Mask()
    mask.add('t', 'oo')
    expect(Buffer.from(mask.lines(Buffer.from('ooops\nefoo\n'), true)).toString()).toBe('o<t>ps\nef<t>\n')
    expect(Buffer.from(mask.lines(Buffer.from('oops\n'), false)).toString()).toBe('<t>ps\n')
  })

  test('is hidden in whatever a step says to people', () => {
    const mask = new Mask()
    mask.add('t', 'hunter2')
    expect(mask.fact({ kind: 'step-updated', step: { id: 1, number: 0 }, stateString: "'curl hunter2 ...'", urls: [{ name: 'hunter2', url: 'https://x/?k=hunter2' }] }))
      .toMatchObject({ stateString: "'curl <t> ...'", urls: [{ name: '<t>', url: 'https://x/?k=<t>' }] })
    expect(mask.fact({ kind: 'build-finished', results: 0, stateString: 'hunter2' })).toMatchObject({ stateString: '<t>' })
    expect(mask.json({ hunter2: ['hunter2', 3, null, true] })).toEqual({ '<t>': ['<t>', 3, null, true] })
  })
})

test('the secrets that a build uses are those it names, and those its custom steps asked for', () => {
  const builder = { steps: [{ env: { A: { $secret: 'plain' } }, command: { $interpolate: 'x %(secret:mixed)s %(secret:other:-y)s %(prop:no)s' } }] }
  const journal = [{ n: 1, kind: 'secret', fingerprint: '', seq: 0, firstLine: 0, processId: null, ranges: null, position: 1, ended: true, outcome: 'asked' }]
  const steps = [{ id: 1, number: 0, results: null, startedAt: true, urls: [], logs: [], journal }]
  expect(secretsUsed({ builder: builder as unknown as Parameters<typeof secretsUsed>[0]['builder'], steps })).toEqual(['plain', 'mixed', 'other', 'asked'])
})
