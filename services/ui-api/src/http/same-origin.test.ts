import { expect, it } from 'vitest'
import { isSameOrigin } from './same-origin.js'

it.each([
  ['https://ci.example.org/', 'https://ci.example.org', 'ci.example.org', true],
  ['https://ci.example.org/', 'http://ci.example.org', 'ci.example.org', false],
  // A proxy that leaves the port out of Host: what came in clear may be anybody's all the same.
  ['https://ci.example.org:8443/', 'http://ci.example.org', 'ci.example.org', false],
  ['https://ci.example.org:8443/', 'https://ci.example.org:8443', 'ci.example.org', true],
  ['https://ci.example.org/', 'http://127.0.0.1:8010', '127.0.0.1:8010', true],
  ['http://ci.example.org/', 'https://ci.example.org', 'ci.example.org', true],
  ['https://ci.example.org/', 'null', 'ci.example.org', false],
  ['https://ci.example.org/', 'https://ci.example.org.evil.example', 'ci.example.org', false],
  ['https://ci.example.org/', 'https://docs.example.org', 'ci.example.org', false],
])('at %s a page of %s, to %s: %s', (baseUrl, origin, host, expected) => {
  expect(isSameOrigin({ headers: { origin, host }, method: 'POST' }, baseUrl)).toBe(expected)
})
