import { resultName, type Result } from '@yardmaster/domain'
import picocolors from 'picocolors'

export type Paint = ReturnType<typeof picocolors.createColors>

export function paintFor(colours: boolean): Paint {
  return picocolors.createColors(colours)
}

/** Columns as wide as their widest cell; the last one is not padded. `paint` colours a cell after it was measured. */
export function table(header: string[], rows: string[][], paint: (text: string, column: number, row: number) => string = text => text): string[] {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map(row => (row[column] ?? '').length)))
  return all.map((row, index) => row.map((cell, column) => {
    const padded = column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)
    return index === 0 ? padded : paint(padded, column, index - 1)
  }).join('  ').trimEnd())
}

/** Seconds as people say them: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.max(seconds, 0).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`
}

/** A result by its name; a build without one is still running. */
export function resultText(results: number | null): string {
  return results === null ? 'running' : isResult(results) ? resultName(results) : `result ${results}`
}

function isResult(number: number): number is Result {
  return Number.isInteger(number) && number >= 0 && number <= 6
}

export function paintResult(paint: Paint, results: number | null, text: string): string {
  const colours = [paint.green, paint.yellow, paint.red, paint.dim, paint.magenta, paint.magenta, paint.dim]
  return results === null ? paint.cyan(text) : (colours[results] ?? String)(text)
}

/** 0 for SUCCESS and WARNINGS, 1 for every other result. */
export function exitCodeOf(results: number | null): number {
  return results === 0 || results === 1 ? 0 : 1
}
