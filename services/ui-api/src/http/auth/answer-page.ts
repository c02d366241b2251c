import type { Response } from 'express'
import { headersOf } from '../security-headers.js'

const escapes: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, character => escapes[character] ?? '')

/** A page that needs no script: for who is on the way to us or from us. */
export function sendAnswerPage(response: Response, { status, title, message, link }: { status: number; title: string; message: string; link: { to: string; text: string } }): void {
  response.status(status).set({ 'cache-control': 'no-store', ...headersOf('notice') }).type('html').send(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>
<style>
  :root { color-scheme: light dark } body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 30rem; margin: 1rem; padding: 1.5rem 2rem; border: 1px solid #8886; border-radius: 10px } h1 { font-size: 1.25rem; margin: 0 0 .5rem } p { overflow-wrap: anywhere }
</style>
<main><h1>${escaped(title)}</h1><p>${escaped(message)}</p><p><a href="${escaped(link.to)}">${escaped(link.text)}</a></p></main></html>
`)
}
