import { expect, it } from 'vitest'
import { cookieName, cookiePlace, readCookie } from './cookies.js'

it('of two cookies of one name none counts where a neighbour could have set one', () => {
  const name = cookieName('yard_session', cookiePlace('https://ci.example.org/ci/'))
  const read = (cookie: string) => readCookie({ headers: { cookie } }, name)
  expect([read(`${name}=mine`), read(`a=b; ${name}=evil; ${name}=mine`), read(`${name}=evil;${name}=mine`), read(`x${name}=evil; ${name}=mine`)]).toEqual(['mine', undefined, undefined, 'mine'])
  // In clear nothing is safe, and two installations of one machine may be below each other.
  expect(readCookie({ headers: { cookie: 'yard_session=of-the-longer-path; yard_session=of-the-root' } }, 'yard_session')).toBe('of-the-longer-path')
})
