import { useCallback, useLayoutEffect, useRef, useState } from 'react'
import type { ReactElement, ReactNode, RefObject } from 'react'
import { useNarrow } from './use-narrow.js'

type Rows<T> = { items: readonly T[]; rowHeight: { wide: number; narrow: number }; keyOf: (item: T) => number; label: string; children: (item: T) => ReactNode }

/** Fewer rows are all in the page, where the browser's own search finds them. */
const virtualFrom = 200
const overscan = 12

/** A list in the page's own scrolling; of long ones only what is near the window is drawn. Rows have one height. */
export function VirtualRows<T>(props: Rows<T>): ReactElement {
  if (props.items.length > virtualFrom) return <WindowedRows {...props} />
  return (
    <div role="list" aria-label={props.label} className="rows">
      {props.items.map(item => <div role="listitem" key={props.keyOf(item)}>{props.children(item)}</div>)}
    </div>
  )
}

function WindowedRows<T>({ items, rowHeight, keyOf, label, children }: Rows<T>): ReactElement {
  const list = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const height = narrow ? rowHeight.narrow : rowHeight.wide
  const { first, last } = useRowsInWindow(list, height)
  return (
    <div role="list" aria-label={label} className="rows" ref={list} style={{ height: items.length * height + 2, position: 'relative' }}>
      {items.slice(first, last).map((item, at) => (
        <div role="listitem" aria-setsize={items.length} aria-posinset={first + at + 1} key={keyOf(item)} style={{ position: 'absolute', inset: `${(first + at) * height}px 0 auto` }}>
          {children(item)}
        </div>
      ))}
    </div>
  )
}

/** Rows [first, last) of the list that are in the browser's window or near it. */
function useRowsInWindow(list: RefObject<HTMLDivElement | null>, height: number): { first: number; last: number } {
  const [range, setRange] = useState({ first: 0, last: 60 })
  const measure = useCallback(() => {
    const top = list.current?.getBoundingClientRect().top ?? 0
    const first = Math.max(0, Math.floor(-top / height) - overscan)
    const last = Math.max(0, Math.ceil((window.innerHeight - top) / height) + overscan)
    setRange(before => (before.first === first && before.last === last ? before : { first, last }))
  }, [list, height])
  useLayoutEffect(() => {
    measure()
    window.addEventListener('scroll', measure, { passive: true })
    window.addEventListener('resize', measure)
    return () => {
      window.removeEventListener('scroll', measure)
      window.removeEventListener('resize', measure)
    }
  }, [measure])
  return range
}
