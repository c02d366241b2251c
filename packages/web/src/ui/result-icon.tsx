import type { ReactElement } from 'react'
import type { Outcome } from '../lib/results.js'

/** Results differ by shape too: colours alone do not reach everybody. */
const shapes: Record<Outcome, string> = {
  success: 'M3.5 8.5 6.5 11.5 12.5 4.5',
  warnings: 'M8 3.5V9M8 11.6v.9',
  failure: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  skipped: 'M4 8h8',
  exception: 'M9 2.5 5 8.7h5.6L7 13.5',
  retry: 'M12.5 8a4.5 4.5 0 1 1-1.4-3.3M12.6 2.6v2.6h-2.6',
  cancelled: 'M4.6 4.6l6.8 6.8M8 13A5 5 0 1 0 8 3a5 5 0 0 0 0 10Z',
  running: 'M6 4.5l5 3.5-5 3.5Z',
  'not run': 'M5 8h6',
  pending: 'M8 4.5V8l2.2 1.6M8 13A5 5 0 1 0 8 3a5 5 0 0 0 0 10Z',
}

export function ResultIcon({ outcome }: { outcome: Outcome }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[outcome]} fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}

/** The mark at the head of a step or build: the result's colour, shape and word. */
export function ResultBadge({ outcome, word = false }: { outcome: Outcome; word?: boolean }): ReactElement {
  return (
    <span className={`badge is-${outcome.replace(' ', '-')}`} data-testid="result" data-result={outcome}>
      <ResultIcon outcome={outcome} />
      <span className={word ? '' : 'unseen'}>{outcome}</span>
    </span>
  )
}
