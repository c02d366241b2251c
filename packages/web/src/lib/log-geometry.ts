/** Browsers stop laying out somewhere above 16 million pixels (Firefox 17.8, Chrome 33.5): longer logs are scrolled in larger strides. */
const tallest = 12_000_000

export type LogGeometry = { lineHeight: number; total: number; viewport: number }

/** How high the scrolled content is. */
export function contentHeight({ lineHeight, total }: LogGeometry): number {
  return Math.min(tallest, total * lineHeight)
}

/** Lines [first, last) to draw at this scroll position, and the offset in pixels of the first below the top of the viewport. */
export function visibleLines(geometry: LogGeometry, scrollTop: number, overscan = 20): { first: number; last: number; top: number } {
  const { lineHeight, total, viewport } = geometry
  const topLine = lineAt(geometry, scrollTop)
  const first = Math.max(0, Math.floor(topLine) - overscan)
  const last = Math.min(total, Math.ceil(topLine + viewport / lineHeight) + overscan)
  return { first, last, top: (first - topLine) * lineHeight }
}

/** The scroll position that has this line (from 0) at the top. */
export function scrollTopOf(geometry: LogGeometry, line: number): number {
  const scrollable = Math.max(0, contentHeight(geometry) - geometry.viewport)
  return Math.min(scrollable, Math.max(0, line * geometry.lineHeight * stride(geometry)))
}

/** Which line (from 0, with its fraction) this scroll position has at the top. */
export function lineAt(geometry: LogGeometry, scrollTop: number): number {
  return scrollTop / stride(geometry) / geometry.lineHeight
}

/** Scrolled pixels per pixel of log: 1 unless the log is too tall. */
function stride(geometry: LogGeometry): number {
  const whole = geometry.total * geometry.lineHeight - geometry.viewport
  const scrollable = contentHeight(geometry) - geometry.viewport
  return whole <= 0 ? 1 : Math.max(scrollable / whole, Number.MIN_VALUE)
}
