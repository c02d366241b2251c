import { describe, expect, it } from 'vitest'
import { landingOf } from './landing.js'

const landing = (query: string, basePath = '/') => landingOf(new URLSearchParams(query), basePath)

describe('after signing in', () => {
  it.each([
    ['', '/', '/'],
    ['redirect=/builders/3', '/', '/#/builders/3'],
    ['redirect=%2Fbuilders%2F3%3Ftags%3Da%2520b', '/ci/', '/ci/#/builders/3?tags=a%20b'],
    ['page=/builders/3?tags=x', '/ci/', '/ci/builders/3?tags=x'],
    ['page=builders', '/', '/builders'],
  ])('%s below %s: %s', (query, basePath, expected) => expect(landing(query, basePath)).toBe(expected))

  it.each([
    'https://evil.example/', '//evil.example', '/\\evil.example', '\\\\evil.example', '/%09/evil.example', '/./%2e%2f/evil.example', '/.//evil.example', '/..//evil.example', '../../evil',
    '\t//evil.example', 'javascript:alert(1)', '@evil.example', '.evil.example', '\r\nset-cookie: a=b', 'http:evil.example',
  ])('%j stays here', page => {
    for (const basePath of ['/', '/ci/']) for (const name of ['page', 'redirect']) {
      const to = landingOf(new URLSearchParams({ [name]: page }), basePath)
      const url = new URL(to, 'https://ci.example.org/start')
      expect([to, url.origin]).toEqual([to, 'https://ci.example.org'])
      expect(to.startsWith(basePath) && !to.startsWith('//') && !/[\r\n\t]/.test(to)).toBe(true)
    }
  })
})
