import { expect, it } from 'vitest'
import { addressOf, pageOf } from './way-back.js'

it.each(['https://ci.example.org/', 'https://ci.example.org/ci/'])('who has signed in at %s stays there, whatever the address said', base => {
  const back = (to: string | null) => addressOf(pageOf(to, `${base}sign-in`), base)
  for (const to of ['https://evil.example/', '//evil.example', '/https://evil.example/', 'https://ci.example.org/https://evil.example', `${base}https://evil.example/x`, `${base}javascript:alert(1)`, '/.//evil.example', `${base}/evil.example`, String.raw`/\evil.example`, 'javascript:alert(1)', 'http://', `${base}sign-in?to=x`, '', null]) {
    expect([to, back(to).startsWith(base)]).toEqual([to, true])
  }
  expect(back(`${base}builders/7?x=1#y`)).toBe(`${base}builders/7?x=1#y`)
  expect(back('builders')).toBe(`${base}builders`)
})
