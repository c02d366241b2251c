import { describe, expect, test } from 'vitest'
import { LineSplitter, MAX_LINE } from './lines.js'

function split(chunks: Buffer[], prefix: '' | 'o' = 'o'): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter(prefix, (bytes, count) => {
    const text = bytes.toString()
    expect(text.endsWith('\n')).toBe(true)
    const found = text.slice(0, -1).split('\n')
    expect(found.length).toBe(count)
    lines.push(...found)
  })
  for (const chunk of chunks) splitter.write(chunk)
  splitter.end()
  return lines
}

/** What the lines of a whole text are, said as simply as possible. */
function expected(text: Buffer, prefix: string): string[] {
  const decoded = text.toString().replaceAll('\0', '\ufffd')
  if (decoded === '') return []
  const settled = /(\n|\x1b\[u|\x1b\[[0-9]+;[0-9]+[Hf]|\x1b\[2J)$/.test(decoded)
  const finished = `${decoded}${settled ? '' : '\n'}`.replace(/\r\n|\r|\x1b\[u|\x1b\[[0-9]+;[0-9]+[Hf]|\x1b\[2J|\x08+/g, '\n')
  return finished.slice(0, -1).split('\n').flatMap(line => {
    const pieces: string[] = []
    for (let rest = line; ;) {
      if (rest.length <= MAX_LINE) return [...pieces, rest].map(piece => prefix + piece)
      const at = /[\ud800-\udbff]/.test(rest.charAt(MAX_LINE - 1)) ? MAX_LINE - 1 : MAX_LINE
      pieces.push(rest.slice(0, at))
      rest = rest.slice(at)
    }
  })
}

function seeded(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const MATERIAL = [
  'plain text', '\n', '\n', '\n\n', '\r\n', '\r', '\x08\x08\x08', '\x1b[u', '\x1b[12;3H', '\x1b[1;2f', '\x1b[2J', '\x1b[32m', '\x1b[', '\0', 'é', '\u{1f600}', '€',
  'x'.repeat(MAX_LINE - 1), 'y'.repeat(MAX_LINE), '\u{1f600}'.repeat(2100), 'z'.repeat(9000), '\ufeff',
].map(text => Buffer.from(text)).concat([Buffer.from([0xff]), Buffer.from([0xe2, 0x82]), Buffer.from([0x80]), Buffer.from([0xf0, 0x9f])])

describe('the lines do not depend on the chunks', () => {
  test.each(Array.from({ length: 300 }, (_, seed) => [seed]))('seed %i', seed => {
    const random = seeded(seed)
    const plainOnly = random(4) === 0
    const material = plainOnly ? MATERIAL.slice(0, 3) : MATERIAL
    const whole = Buffer.concat(Array.from({ length: random(60) }, () => material[random(material.length)] as Buffer))
    const chunks: Buffer[] = []
    for (let at = 0; at < whole.length;) {
      const size = 1 + random(random(2) === 0 ? 6 : 5000)
      chunks.push(whole.subarray(at, at + size))
      at += size
    }
    const prefix = random(3) === 0 ? '' : 'o'
    const [found, right] = [split(chunks, prefix), expected(whole, prefix)]
    const wrong = right.findIndex((line, index) => line !== found[index])
    expect({ wrong: wrong < 0 ? null : [wrong, found[wrong]?.slice(0, 60), right[wrong]?.slice(0, 60)], lines: found.length }).toEqual({ wrong: null, lines: right.length })
  })
})

describe('lines', () => {
  const text = (...chunks: string[]) => split(chunks.map(chunk => Buffer.from(chunk)))

  test('an unfinished last line is finished', () => expect(text('a\nb')).toEqual(['oa', 'ob']))
  test('nothing is nothing', () => expect(text('')).toEqual([]))
  test('an empty line is a line', () => expect(text('\n')).toEqual(['o']))
  test('\\r\\n over two chunks is one newline', () => expect(text('a\r', '\nb\n')).toEqual(['oa', 'ob']))
  test('a line that is exactly long enough is not cut, also with \\r\\n in two chunks', () => {
    expect(text('x'.repeat(MAX_LINE), '\r', '\n').map(line => line.length)).toEqual([MAX_LINE + 1])
  })
  test('colours stay', () => expect(text('\x1b[31mred\x1b[0m\n')).toEqual(['o\x1b[31mred\x1b[0m']))
  test('line separators of Unicode are no newlines', () => expect(text('a\u2028b\u0085c\n')).toEqual(['oa\u2028b\u0085c']))

  test('a progress bar is seen while it moves', () => {
    const seen: string[] = []
    const splitter = new LineSplitter('', bytes => seen.push(bytes.toString()))
    splitter.write(Buffer.from('10%\r20%\r30%'))
    expect(seen).toEqual(['10%\n20%\n'])
  })

  test('a line without end does not grow in memory, nor does a run of backspaces', () => {
    let bytes = 0
    const splitter = new LineSplitter('o', block => { bytes += block.length })
    for (let n = 0; n < 400; n++) splitter.write(Buffer.alloc(65536, 'x'))
    expect(bytes).toBeGreaterThan(400 * 65536 - 5000)
    for (let n = 0; n < 400; n++) splitter.write(Buffer.alloc(65536, 8))
    splitter.end()
    expect(bytes).toBeLessThan(401 * 65536 + 400 * 20)
  })
})
