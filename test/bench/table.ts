/** One line of the table. Figures are texts with their units; `met` is null where there is no budget, or the run was too short to judge. */
export type Figure = { measure: string; buildbot: string; budget: string; found: string; met: boolean | null }

/** `foreign`: how many cores other programs kept busy meanwhile; what waits for a core is that much slower. */
export type Row = Figure & { foreign: number }

const columns = ['measure', 'buildbot', 'budget', 'mark', 'foreign', 'found'] as const
type Cells = { [column in (typeof columns)[number]]: string }

const headings: Cells = { measure: 'measure', buildbot: 'Buildbot 3.7', budget: 'budget', mark: ' ', foreign: 'others', found: 'found' }

const cellsOf = ({ met, foreign, ...texts }: Row): Cells => ({ ...texts, mark: met === null ? ' ' : met ? '✓' : '✗', foreign: foreign.toFixed(1).padStart(6) })

/** Aligned for a terminal. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [headings, ...rows.map(cellsOf)]
  const widths = columns.map(column => Math.max(...lines.map(cells => cells[column].length)))
  const format = (cells: Cells) => columns.map((column, index) => cells[column].padEnd(widths[index]!)).join('  ').trimEnd()
  return [format(headings), widths.map((width, index) => '─'.repeat(index < columns.length - 1 ? width : 5)).join('  '), ...lines.slice(1).map(format)].join('\n')
}
