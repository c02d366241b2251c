import type { Renderable } from '@yardmaster/domain'
import { generatorOf } from './generators.js'
import { boolean, functionRef, oneOf, textOrSecret } from './leaves.js'
import { found, isRecord, leaf, or, orNull, record, type Place, type Reader, type Shape } from './reader.js'
import { plainOption, warnOfPlainSecret, type ReporterKindReader } from './reporter-kind.js'
import { renderableData, renderableText } from './renderables.js'

type Given = { [option: string]: unknown }

/** An API's address: who is meant is said by other options. */
const apiUrl: Reader<string> = (value, at) => {
  if (typeof value !== 'string' || !/^https?:\/\//.test(value) || !URL.canParse(value)) return at.wrong({ expected: 'a URL that begins with http:// or https://', found: found(value) })
  if (new URL(value).username !== '') return at.wrong({ expected: 'a URL without a name and password: other options say these', found: 'a URL with them' })
  return value.replace(/\/+$/, '')
}

const interpolated = (format: string): Renderable => ({ $interpolate: format })
const someText = orNull(renderableText)

/** As Buildbot's. */
const descriptions: Shape = { pendingDescription: or(renderableText, 'Build pending.'), startDescription: or(renderableText, 'Build started.'), endDescription: or(renderableText, 'Build done.') }
const connection: Shape = { verify: or(boolean, true), ca: orNull(textOrSecret), verbose: or(boolean, false) }

/** Told when a build is asked for, begins and ends, so that nothing is merged meanwhile. */
const wholeLife = [generatorOf('buildRequest'), generatorOf('buildStartEnd')]
const ofCommits = ['buildStatus', 'buildStartEnd', 'buildRequest']

/** A status is one build's. */
function onlyOfBuilds({ generators }: Given, at: Place): void {
  const kinds = Array.isArray(generators) ? generators.map(item => String((item as { kind: unknown }).kind)) : []
  for (const [index, kind] of kinds.entries()) {
    if (!ofCommits.includes(kind)) at.at('generators').at(index).wrong({ expected: `a generator that tells of a build by itself: ${ofCommits.map(one => `'${one}'`).join(', ')}`, found: `'${kind}'` })
  }
}

/** A secret's option may be renderable; a plain text is told of. */
function secretsApart(given: Given, at: Place, ...names: string[]): void {
  for (const name of names) warnOfPlainSecret(given[name], at.at(name))
}

const appNumber = leaf('the number of a GitHub App, or its client id', value => (typeof value === 'number' || (typeof value === 'string' && value !== '') ? value : undefined))
const app = record({ appId: appNumber, privateKey: textOrSecret, installationId: orNull(appNumber) }, 'app: { appId, privateKey, installationId }')

const github: Shape = { token: someText, app: orNull(app), baseURL: or(apiUrl, 'https://api.github.com'), ...connection }

function githubRules(given: Given, at: Place): void {
  const { token, app: asApp } = given
  if ((token === null) === (asApp === null)) at.wrong({ expected: 'a token, or app: { appId, privateKey }', found: token === null ? 'neither' : 'both' })
  secretsApart(given, at, 'token')
  if (isRecord(asApp as never)) warnOfPlainSecret((asApp as Given)['privateKey'], at.at('app').at('privateKey'))
}

const hostIn = (url: unknown): string => (URL.canParse(plainOption(url)) ? new URL(plainOption(url)).host : '')
const named = (kind: string) => ({ baseURL }: Given): string => `${kind} ${hostIn(baseURL)}`

const context = or(renderableText, interpolated('buildbot/%(prop:buildername)s'))
/** Of a builder, as Buildbot knows them. */
const builderName = or(renderableText, interpolated('%(prop:buildername)s'))
const password = record({ user: renderableText, password: textOrSecret }, 'auth: { user, password }')

/** A reporter that tells of each build by itself. */
const ofBuilds = (kind: string, options: Shape, rules: NonNullable<ReporterKindReader['rules']>): ReporterKindReader => ({
  options: { ...options, ...connection, ...descriptions }, generators: wholeLife, onUnknown: 'retry', nameOf: named(kind),
  rules(given, at) {
    rules(given, at)
    onlyOfBuilds(given, at)
  },
})

function tokenOrAuth(given: Given, at: Place): void {
  const { token, auth } = given
  if ((token === null) === (auth === null)) at.wrong({ expected: 'a token, or auth: { user, password }', found: token === null ? 'neither' : 'both' })
  secretsApart(given, at, 'token')
  if (auth !== null) warnOfPlainSecret((auth as Given)['password'], at.at('auth').at('password'))
}

function cloudRules(given: Given, at: Place): void {
  const { oauthKey, oauthSecret, token, auth } = given
  if ((oauthKey === null) !== (oauthSecret === null)) at.wrong({ expected: 'oauthKey and oauthSecret together', found: 'one of them' })
  if (oauthKey === null) return tokenOrAuth(given, at)
  if (token !== null || auth !== null) at.wrong({ expected: 'one of: oauthKey and oauthSecret, a token, auth', found: 'several' })
  secretsApart(given, at, 'oauthSecret')
}

const coreFields: Shape = {
  statusSuffix: someText, parentName: someText, buildNumber: someText, ref: someText, duration: orNull(renderableData), testResults: orNull(renderableData),
}

function serverRules(given: Given, at: Place): void {
  tokenOrAuth(given, at)
  const said = Object.keys(coreFields).filter(field => given[field] !== null)
  const [first] = said
  if (given['api'] !== 'core' && first !== undefined) at.at(first).wrong({ expected: "api: 'core' with it: the older API has no such field", found: `'${String(given['api'])}'` })
}

export const hostReporterKinds: { [kind: string]: ReporterKindReader } = {
  githubStatus: ofBuilds('githubStatus', { ...github, context, contextPr: someText }, githubRules),
  githubChecks: ofBuilds('githubChecks', { ...github, checkName: context, annotations: orNull(functionRef) }, (given, at) => {
    githubRules(given, at)
    if (given['app'] === null) at.at('token').warn('GitHub takes check runs from GitHub Apps alone: app: { appId, privateKey } unless this is a token of an installation')
  }),
  githubComment: {
    options: { ...github, mode: or(oneOf('edit', 'new'), 'edit'), startDescription: someText, endDescription: someText },
    generators: [generatorOf('buildSetCombined')], onUnknown: 'stop', nameOf: named('githubComment'), rules: githubRules,
  },
  gitlabStatus: ofBuilds('gitlabStatus', { token: renderableText, baseURL: or(apiUrl, 'https://gitlab.com'), context }, (given, at) => secretsApart(given, at, 'token')),
  giteaStatus: ofBuilds('giteaStatus', {
    token: renderableText, baseURL: apiUrl, context, contextPr: or(renderableText, interpolated('buildbot/pull_request/%(prop:buildername)s')), warningAsSuccess: or(boolean, false),
  }, (given, at) => secretsApart(given, at, 'token')),
  bitbucketServerStatus: ofBuilds('bitbucketServerStatus', {
    baseURL: apiUrl, token: someText, auth: orNull(password), api: or(oneOf('build-status', 'core'), 'build-status'), key: builderName, statusName: someText, ...coreFields,
  }, serverRules),
  bitbucketServerComment: {
    options: { baseURL: apiUrl, token: someText, auth: orNull(password), ...connection, startDescription: someText, endDescription: someText },
    generators: [generatorOf('buildStatus')], onUnknown: 'stop', nameOf: named('bitbucketServerComment'), rules: tokenOrAuth,
  },
  bitbucketStatus: ofBuilds('bitbucketStatus', {
    baseURL: or(apiUrl, 'https://api.bitbucket.org/2.0/repositories'), oauthURL: or(apiUrl, 'https://bitbucket.org/site/oauth2/access_token'),
    oauthKey: someText, oauthSecret: someText, token: someText, auth: orNull(password), statusKey: builderName, statusName: builderName,
  }, cloudRules),
}
