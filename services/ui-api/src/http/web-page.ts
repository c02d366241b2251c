import express, { Router, type Request, type Response } from 'express'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deps } from '../deps.js'

/** The web app: its files and its one page for every address that is one of its views. */
export function webRoutes(deps: Deps, basePath: string): Router {
  const router = Router()
  router.use('/assets', express.static(join(deps.webFolder, 'assets'), { immutable: true, maxAge: '1y', fallthrough: false }))
  router.use(express.static(deps.webFolder, { index: false, maxAge: 0 }))
  router.get('/*view', (request, response) => sendPage(deps, basePath, { request, response }))
  router.get('/', (request, response) => sendPage(deps, basePath, { request, response }))
  return router
}

function sendPage({ webFolder }: Deps, basePath: string, { request, response }: { request: Request; response: Response }): void {
  if (/\.[a-z0-9]+$/i.test(request.path) && !(request.headers.accept ?? '').includes('text/html')) return void response.status(404).type('txt').send(`there is no ${request.path}`)
  const page = join(webFolder, 'index.html')
  response.set('cache-control', 'no-cache')
  if (!existsSync(page)) return void response.status(503).type('txt').send(`The web page is not built: ${page} is missing. Run npm start, or the setup that it begins with. The API is at /api/v2.`)
  response.type('html').send(readFileSync(page, 'utf8').replace('<base href="/" />', `<base href="${basePath}" />`).replace('<base href="/">', `<base href="${basePath}">`))
}
