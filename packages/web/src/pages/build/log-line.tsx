import { memo, useMemo } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { spansOf } from '../../lib/ansi.js'

const streams: { readonly [prefix: string]: string } = { e: ' is-stderr', h: ' is-header' }

type LogLineProps = { number: number; /** undefined: on its way. */ text: string | undefined; /** Its first character names the stream. */ stdio: boolean; path: string; marked: boolean }

export const LogLine = memo(function LogLine({ number, text, stdio, path, marked }: LogLineProps): ReactElement {
  const spans = useMemo(() => (text === undefined ? [] : spansOf(stdio ? text.slice(1) : text)), [text, stdio])
  const stream = stdio && text !== undefined ? streams[text.charAt(0)] ?? '' : ''
  return (
    <div className={`line${stream}${marked ? ' is-marked' : ''}`} data-testid="log-line" data-line={number}>
      <Link className="line-number" to={`${path}#L${number}`} replace preventScrollReset data-n={number} aria-label={`Line ${number}`} tabIndex={-1} />
      <span className="line-text">
        {spans.map((span, at) => <span key={at} className={span.className || undefined} style={span.color || span.background ? { color: span.color, backgroundColor: span.background } : undefined}>{span.text}</span>)}
      </span>
    </div>
  )
})
