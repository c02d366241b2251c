import { letsMembersIn, type GithubAuth } from '@yardmaster/domain'
import { allowInsecureRequests, ClientSecretPost, Configuration, fetchProtectedResource } from 'openid-client'
import { z } from 'zod'
import { personOf } from '../person.js'
import { SignInRefused } from '../www-of.js'
import { answerSeconds, isPlain, type Provider } from './provider.js'

const user = z.object({ login: z.string(), name: z.string().nullish(), email: z.string().nullish() })
const emails = z.array(z.object({ email: z.string(), primary: z.boolean().default(false), verified: z.boolean().default(false) }))
const organizations = z.array(z.object({ login: z.string() }))
const teams = z.array(z.object({ slug: z.string(), organization: z.object({ login: z.string() }) }))

const perPage = 100
const mostPages = 20

/** GitHub, or GitHub Enterprise: OAuth, with what its API says of the user. */
export function githubProvider(auth: GithubAuth, { clientId, clientSecret }: { clientId: string; clientSecret: string }): Provider {
  const server = auth.serverURL ?? 'https://github.com'
  const api = auth.apiURL ?? (auth.serverURL === null ? 'https://api.github.com' : `${auth.serverURL}/api/v3`)
  const configuration = new Configuration({ issuer: server, authorization_endpoint: `${server}/login/oauth/authorize`, token_endpoint: `${server}/login/oauth/access_token` },
    clientId, clientSecret, ClientSecretPost(clientSecret))
  configuration.timeout = answerSeconds
  if (isPlain(server) || isPlain(api)) allowInsecureRequests(configuration)

  const get = async <T>(token: string, path: string, shape: z.ZodType<T>): Promise<T> => {
    const response = await fetchProtectedResource(configuration, token, new URL(`${api}${path}`), 'GET', null, new Headers({ accept: 'application/vnd.github+json', 'user-agent': 'Yardmaster' }))
    if (!response.ok) throw new SignInRefused(502, `GitHub did not tell who you are: GET ${path.split('?')[0]} was answered with ${response.status}`)
    return shape.parse(await response.json())
  }
  const all = async <T>(token: string, path: string, shape: z.ZodType<T[]>): Promise<T[]> => {
    const found: T[] = []
    for (let page = 1; page <= mostPages; page++) {
      const some = await get(token, `${path}?per_page=${perPage}&page=${page}`, shape)
      found.push(...some)
      if (some.length < perPage) break
    }
    return found
  }

  return {
    configuration, scope: 'user:email read:org', isOpenId: false,
    async person({ access_token: token }) {
      const [{ login, name, email }, addresses, memberOf, teamsOf] = await Promise.all([
        get(token, '/user', user), get(token, '/user/emails', emails), all(token, '/user/orgs', organizations), auth.getTeamsMembership ? all(token, '/user/teams', teams) : [],
      ])
      const names = memberOf.map(organization => organization.login)
      if (!letsMembersIn(auth, names)) throw new SignInRefused(403, `${login} is not a member of ${auth.organizations?.join(' or ')} at GitHub; or that organization has not approved this application`)
      const own = addresses.find(({ primary, verified }) => primary && verified)?.email ?? email
      return personOf({ username: login, fullName: name, email: own, groups: [...names, ...teamsOf.map(({ slug, organization }) => `${organization.login}/${slug}`)] })
    },
  }
}
