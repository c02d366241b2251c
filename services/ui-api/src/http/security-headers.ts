import type { RequestHandler } from 'express'

const sources = (directives: { [directive: string]: string }) => Object.entries(directives).map(([directive, value]) => `${directive} ${value}`.trim()).join('; ')

const page = { 'default-src': "'self'", 'script-src': "'self'", 'img-src': "'self' data:", 'object-src': "'none'", 'base-uri': "'self'", 'form-action': "'self'", 'frame-ancestors': "'self'" }

const policies = {
  /** Our web page: what it runs and how it looks comes from us alone. */
  page: sources(page),
  /** The page of the API's documentation, of a library that writes styles of its own. */
  documentation: sources({ ...page, 'style-src': "'self' 'unsafe-inline'", 'font-src': "'self' data:", 'worker-src': "'self' blob:" }),
  /** What is no page, whatever a browser takes it for. */
  data: sources({ 'default-src': "'none'", 'frame-ancestors': "'none'" }),
  /** A page of a few words. */
  notice: sources({ 'default-src': "'none'", 'style-src': "'unsafe-inline'", 'base-uri': "'none'", 'form-action': "'none'", 'frame-ancestors': "'none'" }),
  /** A drawing that other sites show, with its own looks and nothing else. */
  drawing: sources({ 'default-src': "'none'", 'style-src': "'unsafe-inline'", 'img-src': 'data:', sandbox: '' }),
  /** What a build printed is not ours: it must not act in our name. */
  foreign: 'sandbox',
} as const

export type AnswerKind = keyof typeof policies

/** The headers that a browser is told with an answer of this kind, and which of them replace those of another kind. */
export const headersOf = (kind: AnswerKind): { [header: string]: string } => ({
  'content-security-policy': policies[kind],
  'cross-origin-resource-policy': kind === 'drawing' ? 'cross-origin' : 'same-origin',
})

const halfAYear = 15_552_000

/** On every answer, which is a page's unless `answersWith` says otherwise. */
export function securityHeaders(baseUrl: string): RequestHandler {
  const { protocol } = new URL(baseUrl)
  const headers = new Map(Object.entries({
    ...headersOf('page'),
    'x-content-type-options': 'nosniff',
    // Not no-referrer: with that, browsers hide from us that a form which is sent is one of ours.
    'referrer-policy': 'same-origin',
    'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    'x-dns-prefetch-control': 'off',
    'x-frame-options': 'SAMEORIGIN',
    'x-permitted-cross-domain-policies': 'none',
    // Browsers heed these two only where the connection is safe.
    ...(protocol === 'https:' ? { 'strict-transport-security': `max-age=${halfAYear}`, 'cross-origin-opener-policy': 'same-origin' } : {}),
  }))
  return (_request, response, next) => {
    response.setHeaders(headers)
    next()
  }
}

export function answersWith(kind: AnswerKind): RequestHandler {
  const headers = new Map(Object.entries(headersOf(kind)))
  return (_request, response, next) => {
    response.setHeaders(headers)
    next()
  }
}
