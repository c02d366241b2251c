import { allRoutes } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration()) })
afterAll(() => api?.close())

const odd = ['', '-1', '1e300', '-1e18', '99999999999999999999 b1', '9007199254740991', 'a\0b', '%_\\', "'", '9'.repeat(150)]

it('whatever is asked is answered or refused, and never fails', async () => {
  const failed: string[] = []
  const ask = async (path: string) => {
    const { status } = await api.get(`/api/yard/v1${path}`)
    if (status >= 500) failed.push(`${path}: ${status}`)
  }
  for (const { path, query } of allRoutes.filter(({ method, auth }) => method === 'get' && auth === 'caller')) {
    const place = path.replaceAll(/\{\w+\}/g, '1')
    for (const name of Object.keys(query.shape)) await Promise.all(odd.map(value => ask(`${place}?${name}=${encodeURIComponent(value)}`)))
    if (path.includes('{')) await Promise.all(odd.filter(value => value !== '').map(value => ask(path.replaceAll(/\{\w+\}/g, encodeURIComponent(value)))))
  }
  expect(failed).toEqual([])
})
