import { logchunks } from '@yardmaster/rest'
import type { Log } from '@yardmaster/rest'
import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { count } from '../../lib/format.js'
import { linesOfChunks, LogBuffer } from '../../lib/log-buffer.js'
import { useServices } from '../../services.js'
import { sentenceOf } from '../../ui/states.js'
import { LogLine } from './log-line.js'
import { useLogWindow } from './use-log-window.js'

type LogViewProps = { log: Log; /** The log's own page address. */ path: string; startAtEnd: boolean; /** To be shown and marked, from 1. */ line: number | null; onRead: () => void }

/** A log of any length, followed while it grows unless somebody scrolls up to read. */
export function LogView({ log, path, startAtEnd, line, onRead }: LogViewProps): ReactElement {
  const { api } = useServices()
  const [buffer] = useState(() => new LogBuffer(async (offset, limit) => linesOfChunks((await api.list(logchunks, `logs/${log.logid}/contents`, { offset, limit })).rows, offset)))
  const view = useLogWindow({ buffer, total: log.num_lines, start: line !== null ? line - 1 : startAtEnd || !log.complete ? 'end' : 'top', onRead })
  const [tall, setTall] = useState(false)
  const frame = useRef<HTMLDivElement>(null)
  const stretch = (): void => {
    setTall(!tall)
    onRead()
  }
  useEffect(() => {
    if (tall) frame.current?.scrollIntoView({ block: 'start' })
  }, [tall])
  const digits = String(Math.max(log.num_lines, 100)).length
  return (
    <div className="log" ref={frame} data-testid="log" data-complete={log.complete} data-lines={log.num_lines}>
      <div className="log-bar">
        <span className="muted" data-testid="log-lines">{view.following && !log.complete && 'following, '}{count(log.num_lines, 'line')}</span>
        <button type="button" className="small" hidden={view.following || view.atEnd} onClick={view.jumpToEnd} data-testid="jump-to-end">Jump to end ↓</button>
        <span className="log-links">
          <button type="button" className="link" aria-pressed={tall} onClick={stretch} data-testid="log-taller">{tall ? 'Shorter' : 'Taller'}</button>
          <a href={rawAddress(log, 'raw_inline')} target="_blank" rel="noreferrer">Raw</a>
          <a href={rawAddress(log, 'raw')} download>Download</a>
        </span>
      </div>
      {buffer.error !== null && <p className="log-error" role="alert">Lines could not be read. {sentenceOf(buffer.error)} <button type="button" className="small" onClick={() => buffer.retry()}>Try again</button></p>}
      {log.num_lines === 0
        ? <p className="log-empty muted">{log.complete ? 'The log is empty.' : 'Nothing written yet.'}</p>
        : (
          <div className="log-box" ref={view.box} onScroll={view.onScroll} tabIndex={0} role="region" aria-label={`Log ${log.name}`} style={{ height: view.height, maxHeight: tall ? 'calc(100dvh - 150px)' : view.room, '--digits': `${digits}ch` }} data-testid="log-box">
            <div className="log-space" style={{ height: view.contentHeight }}>
              <div className="log-lines" style={{ transform: `translateY(${view.offset}px)` }}>
                {view.lines.map(({ index, text }) => <LogLine key={index} number={index + 1} text={text} stdio={log.type === 's'} path={path} marked={index + 1 === line} />)}
              </div>
            </div>
          </div>
        )}
    </div>
  )
}

const rawAddress = (log: Log, form: 'raw' | 'raw_inline'): string => `api/v2/logs/${log.logid}/${form}`
