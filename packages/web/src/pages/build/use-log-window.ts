import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { RefObject, UIEvent } from 'react'
import type { LogBuffer } from '../../lib/log-buffer.js'
import { contentHeight, lineAt, scrollTopOf, visibleLines } from '../../lib/log-geometry.js'

/** As in build.css. */
const lineHeight = 18
const padding = 12

type LogWindowOptions = { buffer: LogBuffer; total: number; /** What is shown first; a line is put near the top. */ start: number | 'top' | 'end'; onRead: () => void }

export type LogWindow = {
  box: RefObject<HTMLDivElement | null>
  onScroll: (event: UIEvent<HTMLDivElement>) => void
  /** Of the box if nothing cut it. */
  height: number
  /** What the box may take of the window (a CSS length). */
  room: string
  contentHeight: number
  /** From the top of the content to the first of `lines`. */
  offset: number
  /** Text is undefined while it is on its way. */
  lines: { index: number; text: string | undefined }[]
  following: boolean
  atEnd: boolean
  jumpToEnd: () => void
}

/** Which lines are in sight, and whether the view sticks to the end: until somebody scrolls up, again when they reach the end. */
export function useLogWindow({ buffer, total, start, onRead }: LogWindowOptions): LogWindow {
  const box = useRef<HTMLDivElement>(null)
  const lastTop = useRef(0)
  /** The line that was shown and then scrolled away from: a change of size does not go back to it. */
  const sought = useRef<number | null>(null)
  const [scrollTop, setScrollTop] = useState(0)
  const [viewport, setViewport] = useState(600)
  const [room, setRoom] = useState('62vh')
  const [following, setFollowing] = useState(start === 'end')
  useSyncExternalStore(buffer.subscribe, () => buffer.version)
  const geometry = { lineHeight, total, viewport }
  const { first, last, top } = visibleLines(geometry, scrollTop)
  const exists = total > 0

  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() => setViewport(element.clientHeight))
    setViewport(element.clientHeight)
    observer.observe(element)
    return () => observer.disconnect()
  }, [exists])

  // What is above comes and grows while the page loads.
  useLayoutEffect(() => {
    if (box.current && window.scrollY === 0) setRoom(roomBelow(box.current.getBoundingClientRect().top))
  })

  const scrollTo = (position: number): void => {
    if (!box.current) return
    box.current.scrollTop = position
    lastTop.current = box.current.scrollTop
    setScrollTop(box.current.scrollTop)
  }
  useLayoutEffect(() => {
    if (typeof start !== 'number' || !exists || sought.current === start) return
    setFollowing(false)
    box.current?.scrollIntoView({ block: 'nearest' })
    const topLine = lineAt(geometry, lastTop.current)
    if (start < topLine || start > topLine + viewport / lineHeight - 2) scrollTo(scrollTopOf(geometry, start - 5))
  }, [start, exists, viewport])
  useLayoutEffect(() => {
    if (following) scrollTo(contentHeight(geometry))
  }, [following, total, viewport])
  useEffect(() => buffer.want(first, last, total), [buffer, first, last, total])

  const onScroll = ({ currentTarget: element }: UIEvent<HTMLDivElement>): void => {
    const end = element.scrollHeight - element.clientHeight - element.scrollTop < lineHeight
    if (element.scrollTop < lastTop.current - 1 && !end) {
      setFollowing(false)
      onRead()
    } else if (end) setFollowing(true)
    if (element.scrollTop !== lastTop.current && typeof start === 'number') sought.current = start
    lastTop.current = element.scrollTop
    setScrollTop(element.scrollTop)
  }
  const lines = Array.from({ length: Math.max(0, last - first) }, (_, at) => ({ index: first + at, text: buffer.line(first + at) }))
  return {
    box, onScroll, lines, room, following, contentHeight: contentHeight(geometry), height: contentHeight(geometry) + padding, offset: scrollTop + top,
    atEnd: scrollTop >= contentHeight(geometry) - viewport - lineHeight, jumpToEnd: () => setFollowing(true),
  }
}

/** So that the end of a log that opens by itself is in sight; one that opens far down is scrolled to anyway. */
function roomBelow(top: number): string {
  const rest = window.innerHeight - top - 36
  return rest < 240 ? '62vh' : `min(62vh, ${Math.floor(rest)}px)`
}
