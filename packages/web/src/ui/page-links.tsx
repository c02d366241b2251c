import type { ReactElement } from 'react'
import { Link, NavLink, useLocation } from 'react-router'
import { useHasDeliveries } from '../api/deliveries.js'
import { useLatentWorkers } from '../api/machines.js'
import { useRefusal } from '../api/rights.js'
import { useMenu } from './use-menu.js'

type Page = { path: string; name: string }

/** What people look at all day stands in the header, the rest is one click away. */
export function PageLinks(): ReactElement {
  const { pathname } = useLocation()
  const at = (path: string): boolean => pathname === path || pathname.startsWith(`${path}/`)
  const hasPools = useLatentWorkers().size > 0 || at('/machines') || at('/instances')
  const hasDeliveries = useHasDeliveries() || at('/deliveries')
  const mayAudit = useRefusal('control_actions', null, 'audit') === undefined
  const atBuilders = pathname === '/' || at('/builders')
  const more: Page[] = [
    { path: '/changesources', name: 'Change sources' },
    ...(hasDeliveries ? [{ path: '/deliveries', name: 'Deliveries' }] : []),
    { path: '/notifications', name: 'Notifications' },
    { path: '/masters', name: 'Replicas' },
    { path: '/tokens', name: 'Tokens' },
    ...(mayAudit ? [{ path: '/audit', name: 'Audit log' }] : []),
  ]
  return (
    <nav aria-label="Pages">
      <div className="pages">
        <Link to="/" className={atBuilders ? 'active' : ''} aria-current={atBuilders ? 'page' : undefined}>Builders</Link>
        <NavLink to="/workers">Workers</NavLink>
        {hasPools && <NavLink to="/machines" className={({ isActive }) => (isActive || at('/instances') ? 'active' : '')}>Machines</NavLink>}
        <NavLink to="/changes">Changes</NavLink>
        <NavLink to="/schedulers">Schedulers</NavLink>
      </div>
      <More pages={more} here={more.some(({ path }) => at(path))} />
    </nav>
  )
}

function More({ pages, here }: { pages: Page[]; here: boolean }): ReactElement {
  const { open, setOpen, element } = useMenu()
  return (
    <div className="more" ref={element}>
      <button type="button" className={here ? 'active' : ''} aria-haspopup="true" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="more-pages">More <i aria-hidden="true" /></button>
      {open && (
        <div className="menu-items">
          {pages.map(({ path, name }) => <NavLink key={path} to={path} onClick={() => setOpen(false)}>{name}</NavLink>)}
          <a href={new URL('api/docs/', document.baseURI).href}>API</a>
        </div>
      )}
    </div>
  )
}
