import type { UpdateEntry } from '@yardmaster/worker-protocol'
import { expect, test } from 'vitest'
import { linesOf } from './buildbot-output.js'

const shown = (entries: UpdateEntry[]) => linesOf(entries).map(({ log, lines, content }) => [log, lines, content.toString('utf8')])

test.each<[string, UpdateEntry[], unknown[]]>([
  ['streams, in their order, are one log', [['stdout', ['a\nb\n']], ['header', ['h\n']], ['stderr', ['e\n']], ['rc', 0]], [['stdio', 4, 'oa\nob\nhh\nee\n']]],
  ['a log file between them', [['stdout', ['a\n']], ['log', ['mine', ['x\ny\n']]], ['stdout', ['b\n']]], [['stdio', 1, 'oa\n'], ['mine', 2, 'x\ny\n'], ['stdio', 1, 'ob\n']]],
  ['a line without its end', [['stdout', ['a']]], [['stdio', 1, 'oa\n']]],
  ['nothing', [['stdout', ['']], ['log', ['mine', ['']]], ['elapsed', 1]], []],
  ['empty lines', [['stdout', ['\n\n']]], [['stdio', 2, 'o\no\n']]],
  ['a line of just the length', [['stdout', [`${'x'.repeat(4095)}\n`]]], [['stdio', 1, `o${'x'.repeat(4095)}\n`]]],
  ['one character more', [['stdout', [`a\n${'x'.repeat(4096)}\nb\n`]]], [['stdio', 4, `oa\no${'x'.repeat(4095)}\nox\nob\n`]]],
  ['a character of two units at the cut', [['stdout', [`${'x'.repeat(4094)}\u{1F600}y\n`]]], [['stdio', 2, `o${'x'.repeat(4094)}\no\u{1F600}y\n`]]],
])('%s', (_what, entries, expected) => {
  expect(shown(entries)).toEqual(expected)
})
