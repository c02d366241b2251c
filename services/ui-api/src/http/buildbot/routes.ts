import { wwwDefaults, type Caller } from '@yardmaster/domain'
import { Router, type Request, type Response } from 'express'
import { callerOf } from '../../access/caller-of.js'
import type { Deps } from '../../deps.js'
import { sortKeys } from '../json.js'
import { pathParams } from '../path-params.js'
import { avatarOf, picturedIn } from './avatar.js'
import { badgeOf } from './badges.js'
import { frontendConfig } from './frontend-config.js'
import { iconSvg } from './icon.js'

/** What Buildbot's own web page and its plugins ask for besides REST and live events. */
export function buildbotRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const www = () => deps.activeGeneration()?.configuration.www ?? wwwDefaults
  const config = (caller: Caller) => JSON.stringify(sortKeys(frontendConfig(deps, caller))).replaceAll('<', '\\u003c')

  router.get(['/config', '/config.json'], (request, response) => void fresh(response).type('json').send(config(callerOf(request))))
  router.get('/config.js', (request, response) => void fresh(response).type('js').send(`window.buildbotFrontendConfig = ${config(callerOf(request))};\n`))

  router.get('/avatar', (request, response) => {
    const found = avatarOf(picturedIn(queryOf(request)), www().avatarMethods)
    response.set('cache-control', 'public, max-age=3600')
    if ('location' in found) response.redirect(302, found.location)
    else response.type('svg').send(found.svg)
  })

  router.get('/plugins/badges/:name', async (request, response, next) => {
    const { builder, kind } = /^(?<builder>.+)\.(?<kind>svg|png)$/s.exec(pathParams(request).name ?? '')?.groups ?? {}
    if (builder === undefined || builder.includes('\0')) return next()
    if (!deps.access.mayRead(callerOf(request))) return void response.status(403).type('txt').send('badges are shown to those who may read: sign in first')
    // Whoever embeds a picture does not mind its format.
    if (kind === 'png') return response.redirect(302, `${encodeURIComponent(builder)}.svg${new URL(request.originalUrl, 'http://localhost').search}`)
    const { badges } = www().plugins
    const svg = await badgeOf(deps.db, { builder, query: queryOf(request), defaults: Array.isArray(badges) ? {} : badges })
    fresh(fromAnywhere(response)).type('svg').send(svg)
  })

  // The page loads them from the public address, also where it is looked at by another.
  router.get('/icon.svg', (_request, response) => void fromAnywhere(response).type('svg').send(iconSvg))
  router.get('/icon.png', (_request, response) => fromAnywhere(response).redirect(302, 'icon.svg'))
  return router
}

const queryOf = ({ originalUrl }: Request) => new URL(originalUrl, 'http://localhost').searchParams

/** May be kept, but is asked for again each time. */
const fresh = (response: Response) => response.set('cache-control', 'no-cache')

/** Pictures that pages of others may show. */
const fromAnywhere = (response: Response) => response.set({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' })
