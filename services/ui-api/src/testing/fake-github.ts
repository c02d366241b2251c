import { bearer, startFakeProvider, type FakeProvider } from './fake-provider.js'

const person = { login: 'octo-ann', name: 'Ann', email: null }

/** GitHub Enterprise, with one user of 130 organizations; a code that it does not take it refuses with 200. */
export function startFakeGithub(): Promise<FakeProvider> {
  const organizations = Array.from({ length: 130 }, (_, index) => ({ login: `org${index}` }))
  const api: { [path: string]: unknown } = {
    '/api/v3/user': person,
    '/api/v3/user/emails': [{ email: 'old@example.org', primary: false, verified: true }, { email: 'ann@example.org', primary: true, verified: true }],
    '/api/v3/user/orgs': organizations,
    '/api/v3/user/teams': [{ slug: 'release-team', name: 'Release team', organization: { login: 'org7' } }],
  }
  return startFakeProvider({
    authorizePath: '/login/oauth/authorize', tokenPath: '/login/oauth/access_token',
    refused: { status: 200, json: { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' } },
    tokens: () => ({ scope: 'read:org,user:email' }),
    answer(asked, { isToken }) {
      const found = api[asked.url.pathname]
      if (found === undefined) return null
      if (!isToken(bearer(asked))) return { status: 401, json: { message: 'Bad credentials' } }
      const [size, page] = ['per_page', 'page'].map(name => Number(asked.url.searchParams.get(name) ?? 1)) as [number, number]
      return { status: 200, json: Array.isArray(found) && asked.url.searchParams.has('page') ? found.slice(size * (page - 1), size * page) : found }
    },
  })
}
