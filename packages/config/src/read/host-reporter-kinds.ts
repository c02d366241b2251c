import type { Renderable } from '@yardmaster/domain'
import { generatorOf } from './generators.js'
import { boolean, textOrSecret } from './leaves.js'
import { found, isRecord, leaf, or, orNull, record, type Place, type Reader, type Shape } from './reader.js'
import { plainOption, warnOfPlainSecret, type ReporterKindReader } from './reporter-kind.js'
import { renderableText } from './renderables.js'

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
const ofCommits = ['buildStatus', 'buildStartEnd', 'buildRequest', 'buildSet']

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

export const hostReporterKinds: { [kind: string]: ReporterKindReader } = {
  githubStatus: {
    options: { ...github, ...descriptions, context: or(renderableText, interpolated('buildbot/%(prop:buildername)s')), contextPr: someText },
    generators: wholeLife, onUnknown: 'retry', nameOf: named('githubStatus'),
    rules(given, at) {
      githubRules(given, at)
      onlyOfBuilds(given, at)
    },
  },
}
