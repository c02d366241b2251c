import { useEffect, useRef, useState } from 'react'
import type { RefObject } from 'react'

type Menu = { open: boolean; setOpen: (open: boolean) => void; element: RefObject<HTMLDivElement | null> }

/** A menu below a button, both in `element`: closed by Escape, a click elsewhere, and by the focus going elsewhere. */
export function useMenu(): Menu {
  const [open, setOpen] = useState(false)
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return
    const leave = (event: Event): void => {
      if (!element.current?.contains(event.target instanceof Node ? event.target : null)) setOpen(false)
    }
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      setOpen(false)
      if (element.current?.contains(document.activeElement)) element.current.querySelector('button')?.focus()
    }
    document.addEventListener('pointerdown', leave)
    document.addEventListener('focusin', leave)
    document.addEventListener('keydown', escape)
    return () => {
      document.removeEventListener('pointerdown', leave)
      document.removeEventListener('focusin', leave)
      document.removeEventListener('keydown', escape)
    }
  }, [open])
  return { open, setOpen, element }
}
