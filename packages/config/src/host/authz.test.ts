import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkConfiguration } from '@yardmaster/config/host'

const folder = mkdtempSync(join(tmpdir(), 'yard-authz-'))
afterAll(() => rmSync(folder, { recursive: true }))
const timer = (fn: () => void, ms: number) => { const timeout = setTimeout(fn, ms); return () => clearTimeout(timeout) }
let count = 0

async function check(authz: string, auth = "auth.users({ alice: util.secret('alice') })") {
  const file = join(folder, `${++count}.config.ts`)
  writeFileSync(file, `import { auth, authz, defineConfig, util, workers } from '@yardmaster/config'
export default defineConfig({
  projects: [{ name: 'site' }],
  workers: [workers.worker({ name: 'w1', password: 'x', owners: ['alice', 'role:gpu'] }), workers.worker({ name: 'w2', password: 'x' })],
  builders: [{ name: 'docs-linux', workers: ['w1'], tags: ['docs'], project: 'site', steps: [] }],
  www: { auth: ${auth}, authz: ${authz} },
})
`)
  return checkConfiguration(file, timer)
}
const roles = 'roleMatchers: [authz.rolesFromGroups({ groupPrefix: "acme/" })]'

it('reads role matchers and rules', async () => {
  const checked = await check(`{
    roleMatchers: [authz.rolesFromGroups(), authz.rolesFromEmails({ admins: ['a@example.org'] }), authz.rolesFromDomain({ staff: ['example.org'] }), authz.rolesFromUsername({ roles: ['x'], usernames: ['alice'] }), authz.rolesFromOwner({ role: 'owner' })],
    allowRules: [authz.workerOwner(), authz.forceBuild({ builder: 'docs-*', role: /^dev/ }), authz.stopBuild({ role: 'owner', defaultDeny: false }), authz.anyControlEndpoint({ role: 'admins' })],
  }`)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const { authz } = checked.configuration.www
  expect(checked.warnings).toEqual([])
  expect(authz.roleMatchers.map(({ kind }) => kind)).toEqual(['fromGroups', 'fromEmails', 'fromDomain', 'fromUsername', 'fromOwner'])
  expect(authz.rules.map(({ call, subject, defaultDeny }) => [call, subject.kind, defaultDeny])).toEqual([['authz.workerOwner', 'workerOwner', false], ['authz.forceBuild', 'role', true], ['authz.stopBuild', 'role', false], ['authz.anyControlEndpoint', 'role', true]])
  expect(checked.configuration.workers[0]?.owners).toEqual(['alice', 'role:gpu'])
})

it.each<[string, RegExp]>([
  ['authz.forceBuild({})', /whom the rule lets/], ["authz.forceBuild({ role: 'a', who: 'anybody' })", /whom the rule lets.*found both/], ["authz.forceBuild({ role: 'a', bulider: 'x' })", /did you mean 'builder'/],
  ["authz.path({ role: 'a' })", /nothing/], ["'admins'", /a rule: authz/],
])('refuses %s', async (rule, message) => {
  const checked = await check(`{ ${roles}, allowRules: [${rule} as never] }`)
  expect(checked.ok ? [] : checked.errors.map(error => error.message).join('\n')).toMatch(message)
})

it.each<[string, string, RegExp[]]>([
  ['an unknown builder', `{ ${roles}, allowRules: [authz.forceBuild({ builder: 'web-*', role: 'dev' })] }`, [/there is no builder 'web-\*'/]],
  ['an unknown project, worker, tag and action', `{ ${roles}, allowRules: [authz.control({ project: 'x', worker: 'w9', tags: ['y'], actions: ['frobnicate'], role: 'dev' })] }`, [/no project 'x'/, /no worker 'w9'/, /the tag 'y'/, /no action 'frobnicate'/]],
  ['a role that nobody can have', "{ roleMatchers: [authz.rolesFromOwner({ role: 'owner' })], allowRules: [authz.stopBuild({ role: 'owners' })] }", [/no role matcher gives a role 'owners'; there are: owner/]],
  ['a rule behind one that decides everything', `{ ${roles}, allowRules: [authz.anyControlEndpoint({ role: 'dev' }), authz.stopBuild({ role: 'dev' })] }`, [/never asked: rule 1/]],
  ['owners of a worker that has none', `{ ${roles}, allowRules: [authz.workerOwner({ worker: 'w2' })] }`, [/no worker has owners/]],
  ['try, which has passwords of its own', `{ ${roles}, allowRules: [authz.control({ actions: ['try'], role: 'dev' })] }`, [/says nothing of try/]],
  ['nothing', `{ ${roles}, allowRules: [authz.control({ actions: ['p*'], role: 'dev' }), authz.path({ path: '/api/v2/*', role: 'dev' })] }`, []],
])('warns of %s', async (_, authz, messages) => {
  const checked = await check(authz)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  expect(checked.warnings.map(({ message }) => message)).toEqual(messages.map(message => expect.stringMatching(message)))
})

it('warns of rules where nobody can sign in', async () => {
  const checked = await check(`{ ${roles}, allowRules: [authz.anyControlEndpoint({ role: 'dev' })] }`, 'auth.none()')
  expect(checked.ok && checked.warnings.map(({ message }) => message)).toEqual([expect.stringMatching(/nobody can sign in/)])
})
