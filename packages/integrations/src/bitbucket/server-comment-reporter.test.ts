import { systemClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { basic } from '../code-hosts/connection.js'
import { startFakeBitbucketServer } from '../testing/bitbucket.js'
import { composing, sending, testReport, testReporter } from '../testing/compose.js'
import { bitbucketServerCommentDriver as driver } from './server-comment-reporter.js'

test('the pull request that the property names gets a comment for each report, and never two of one', async () => {
  const host = await startFakeBitbucketServer(new Set(['PRJ/repo']))
  host.credentials.add(basic('bot', 'p4ss'))
  const reporter = testReporter('bitbucketServerComment', { baseURL: `${host.url}/stash`, auth: { user: 'bot', password: { $secret: 'password' } }, token: null, verify: true, ca: null, startDescription: null, endDescription: null })
  const report = testReport('finished', { results: 2, extra: { pullrequesturl: `${host.url}/stash/projects/PRJ/repos/repo/pull-requests/12/overview` } })
  const messages = await driver.compose(report, reporter, composing(report))
  expect(messages).toMatchObject([{ delivery: 'message', subject: 'projects/PRJ/repos/repo/pull-requests/12' }])
  const context = sending(reporter, { clock: systemClock(), signal: new AbortController().signal, secrets: { password: 'p4ss' } })
  host.setMishaps(() => ({ act: 'lost' }))
  await expect(driver.send(messages[0]!, reporter, context)).rejects.toMatchObject({ outcome: 'unknown' })
  host.setMishaps(() => null)
  expect(host.comments).toEqual([{ path: '/projects/PRJ/repos/repo/pull-requests/12', text: '- [hello #7](http://yard.example.org/builders/1/builds/7): **failure** finished' }])
  expect(await driver.compose(testReport('finished'), reporter, composing(testReport('finished')))).toEqual([])
  await host.close()
})
