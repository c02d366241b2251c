import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { useSearchParams } from 'react-router'

/** The filter as it is in the address, so that a filtered page can be linked to. Text is lower case. */
export function useFilter(): { text: string; tags: readonly string[]; setText: (text: string) => void; toggleTag: (tag: string) => void } {
  const [parameters, setParameters] = useSearchParams()
  const tags = parameters.getAll('tags')
  const change = (edit: (next: URLSearchParams) => void): void => setParameters(current => {
    const next = new URLSearchParams(current)
    edit(next)
    return next
  }, { replace: true })
  return {
    text: (parameters.get('filter') ?? '').toLowerCase(),
    tags,
    setText: text => change(next => (text ? next.set('filter', text) : next.delete('filter'))),
    toggleTag: tag => change(next => {
      next.delete('tags')
      for (const other of tags.includes(tag) ? tags.filter(known => known !== tag) : [...tags, tag]) next.append('tags', other)
    }),
  }
}

/** `/` goes there, Escape empties it. */
export function FilterBox({ label }: { label: string }): ReactElement {
  const box = useRef<HTMLInputElement>(null)
  const given = useSearchParams()[0].get('filter') ?? ''
  const { setText } = useFilter()
  // The address follows later than keys can be pressed, so the box keeps its own text while somebody types.
  const [typed, setTyped] = useState(given)
  useEffect(() => {
    if (document.activeElement !== box.current) setTyped(given)
  }, [given])
  const change = (text: string): void => {
    setTyped(text)
    setText(text)
  }
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      box.current?.focus()
    }
    window.addEventListener('keydown', focus)
    return () => window.removeEventListener('keydown', focus)
  }, [])
  return (
    <input ref={box} type="search" className="filter" placeholder={`${label}  ( / )`} aria-label={label} value={typed} data-testid="filter"
      onChange={event => change(event.target.value)} onKeyDown={event => event.key === 'Escape' && change('')} />
  )
}
