import express, { Router } from 'express'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { openApiDocument } from './document.js'

const require = createRequire(import.meta.url)
/** Where the library's files are, which are served as they are. */
const library = dirname(require.resolve('swagger-ui-dist/package.json'))

const page = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>API · Yardmaster</title>
  <link rel="icon" href="favicon-32x32.png">
  <link rel="stylesheet" href="swagger-ui.css">
  <script src="swagger-ui-bundle.js" defer></script>
  <script src="page.js" defer></script>
</head>
<body>
  <p style="margin: 0; padding: .7rem 1.2rem; font: 15px system-ui; background: #12202f; color: #fff"><a href="../../" style="color: #fff">← Back to the web page</a></p>
  <main id="api"><noscript>This page needs JavaScript; the same as data: <a href="../yard/v1/openapi.json">openapi.json</a></noscript></main>
</body>
</html>
`

const script = `SwaggerUIBundle({
  url: '../yard/v1/openapi.json', dom_id: '#api', deepLinking: true, docExpansion: 'none', filter: true, tryItOutEnabled: true, displayRequestDuration: true,
  validatorUrl: null, withCredentials: true, defaultModelsExpandDepth: 0, operationsSorter: null,
})
`

/** The documentation of the API, to read and to try: nothing of it comes from elsewhere. */
export function docsRoutes(): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', (request, response) => {
    // What the page links is named relative to it, so that it works below every base path.
    if (request.originalUrl.split('?')[0]!.endsWith('/')) response.type('html').send(page)
    else response.redirect('docs/')
  })
  router.get('/page.js', (_request, response) => void response.type('js').send(script))
  router.get(['/swagger-ui-bundle.js', '/swagger-ui.css', '/favicon-32x32.png'], express.static(library, { index: false, maxAge: '1h' }))
  return router
}

/** The document, made when it is asked for first. */
export function openApiRoute({ version }: Pick<Deps, 'version'>, basePath: string): Router {
  const router = Router({ strict: true, caseSensitive: true })
  let text: object | null = null
  router.get('/openapi.json', (request, response) => {
    text ??= openApiDocument({ version, basePath })
    sendJson(request, response, text)
  })
  return router
}
