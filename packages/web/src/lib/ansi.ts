import Anser from 'anser'

/** A run of text in one style. The 16 colours of the theme are class names (`ansi-red-fg`), others CSS colours. */
export type Span = { text: string; className: string; color?: string; background?: string }

/** Longer lines are cut on the page, whole in the raw log: one of 10 MB would stop the browser. */
export const longestLine = 20_000

/** What a terminal would show of one line: after the last carriage return, colours as spans, other escapes gone. */
export function spansOf(line: string): Span[] {
  const shown = afterCarriageReturn(line)
  const cut = shown.length > longestLine ? shown.slice(0, longestLine) : shown
  const spans = cut.includes('\u001b') ? Anser.ansiToJson(cut, { use_classes: true, remove_empty: true }).map(styled) : [{ text: cut, className: '' }]
  if (cut.length < shown.length) spans.push({ text: ` … ${shown.length - cut.length} more characters in the raw log`, className: 'ansi-dim' })
  return spans
}

function afterCarriageReturn(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return text.slice(text.lastIndexOf('\r') + 1)
}

function styled(part: ReturnType<typeof Anser.ansiToJson>[number]): Span {
  const foreground = paint(part.fg, part.fg_truecolor)
  const background = paint(part.bg, part.bg_truecolor)
  const names = part.decorations.map(decoration => `ansi-${decoration}`)
  if (foreground.name) names.push(`${foreground.name}-fg`)
  if (background.name) names.push(`${background.name}-bg`)
  return { text: part.content, className: names.join(' '), color: foreground.color, background: background.color }
}

/** One of the theme's 16 by name, or a colour of its own. */
function paint(name: string | null, truecolor: string | null): { name?: string; color?: string } {
  if (!name) return {}
  if (name === 'ansi-truecolor') return { color: `rgb(${truecolor})` }
  const palette = /^ansi-palette-(\d+)$/.exec(name)
  return palette ? { color: paletteColor(Number(palette[1])) } : { name }
}

/** xterm's 6x6x6 cube (16-231) and grey ramp (232-255). */
function paletteColor(index: number): string {
  if (index >= 232) return `rgb(${Array(3).fill(8 + (index - 232) * 10).join(', ')})`
  const level = (n: number): number => (n === 0 ? 0 : 55 + n * 40)
  const cube = index - 16
  return `rgb(${level(Math.floor(cube / 36))}, ${level(Math.floor(cube / 6) % 6)}, ${level(cube % 6)})`
}
