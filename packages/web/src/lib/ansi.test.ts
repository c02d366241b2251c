import { expect, test } from 'vitest'
import { longestLine, spansOf } from './ansi.js'

const esc = '\u001b['

test('plain text is one span', () => expect(spansOf('a < b')).toEqual([{ text: 'a < b', className: '' }]))

test('the colours of the theme are classes, others are colours', () => {
  expect(spansOf(`${esc}1m${esc}31mred${esc}0m ${esc}38;5;208mpalette${esc}0m${esc}38;5;244mgrey${esc}0m${esc}38;2;1;2;3mtrue${esc}0m${esc}42mon green${esc}0m`)).toMatchObject([
    { text: 'red', className: 'ansi-bold ansi-red-fg' },
    { text: ' ', className: '' },
    { text: 'palette', className: '', color: 'rgb(255, 135, 0)' },
    { text: 'grey', color: 'rgb(128, 128, 128)' },
    { text: 'true', color: 'rgb(1, 2, 3)' },
    { text: 'on green', className: 'ansi-green-bg' },
  ])
})

test('what moves the cursor is left out', () => expect(spansOf(`${esc}2K${esc}1Gdone`).map(span => span.text).join('')).toBe('done'))

test('a progress bar shows where it ended', () => {
  expect(spansOf('10%\r55%\r100%')).toEqual([{ text: '100%', className: '' }])
  expect(spansOf('a line of Windows\r')).toEqual([{ text: 'a line of Windows', className: '' }])
})

test('a line that would stop the browser is cut', () => {
  const spans = spansOf('x'.repeat(longestLine + 7))
  expect(spans[0]?.text).toHaveLength(longestLine)
  expect(spans[1]?.text).toContain('7 more characters')
})
