import type { SearchHit } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useRef, useState } from 'react'
import type { KeyboardEvent as KeyPress, ReactElement } from 'react'
import { useNavigate } from 'react-router'
import { searchQuery } from '../api/search.js'
import { recentHits, rememberHit } from '../lib/recent-hits.js'
import { useServices } from '../services.js'

/** Finds everything by what people type. Ctrl K goes there, and `/` where the page has no filter of its own; arrows choose, Enter goes, Escape leaves. */
export function SearchBox(): ReactElement {
  const { yard } = useServices()
  const navigate = useNavigate()
  const box = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(0)
  const asked = useDeferredValue(typed.trim())
  const found = useQuery(searchQuery(yard, asked))
  const hits = (asked === '' ? recentHits() : found.data ?? []).filter(({ place }) => place !== null)
  useShortcut(box)

  const leave = (): void => {
    setOpen(false)
    box.current?.blur()
  }
  const go = (hit: SearchHit | undefined): void => {
    if (!hit) return
    rememberHit(hit)
    setTyped('')
    leave()
    void navigate(`/${hit.place}`)
  }
  const press = (event: KeyPress): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && hits.length > 0) setChosen((chosen + step + hits.length) % hits.length)
    else if (event.key === 'Enter') go(hits[chosen])
    else if (event.key === 'Escape') leave()
    else return
    event.preventDefault()
  }
  const nothing = asked === '' ? 'A name, builder #45, a revision, a branch, an author' : found.isError ? 'The search failed; type on to try again' : found.isFetching ? 'Searching…' : 'Nothing is found'
  return (
    <div className="search" role="search">
      <input ref={box} type="search" role="combobox" aria-label="Search" aria-expanded={open} aria-controls="search-hits" aria-activedescendant={open && hits.length > 0 ? `search-hit-${chosen}` : undefined}
        placeholder="Search" title="Ctrl K, or /" value={typed} data-testid="search" autoComplete="off"
        onChange={event => { setTyped(event.target.value); setChosen(0) }} onFocus={() => setOpen(true)} onBlur={() => setOpen(false)} onKeyDown={press} />
      {open && (
        <ul id="search-hits" role="listbox" aria-label="What is found" data-testid="search-hits">
          {hits.length === 0 && <li className="search-nothing">{nothing}</li>}
          {hits.map((hit, index) => (
            // Before the box loses the focus, which closes the list.
            <li key={`${hit.kind} ${hit.id}`} id={`search-hit-${index}`} role="option" aria-selected={index === chosen} className={index === chosen ? 'chosen' : ''}
              onMouseDown={event => { event.preventDefault(); go(hit) }} onMouseEnter={() => setChosen(index)}>
              <span className="search-kind">{hit.kind}</span><span className="search-title">{hit.title}</span><span className="search-detail">{hit.detail}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function useShortcut(box: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
      const slash = event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && document.querySelector('input.filter') === null
      if (!slash && !(event.key === 'k' && (event.ctrlKey || event.metaKey))) return
      event.preventDefault()
      box.current?.focus()
    }
    window.addEventListener('keydown', focus)
    return () => window.removeEventListener('keydown', focus)
  }, [box])
}
