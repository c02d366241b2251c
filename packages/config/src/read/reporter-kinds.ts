import { chatReporterKinds } from './chat-reporter-kinds.js'
import { generatorOf } from './generators.js'
import { hostReporterKinds } from './host-reporter-kinds.js'
import { boolean, functionRef, oneOf, textOrSecret } from './leaves.js'
import { found, isRecord, mapOf, or, orNull, record, type Reader } from './reader.js'
import { plainOption, warnOfPlainSecret, type ReporterKindReader } from './reporter-kind.js'
import { renderableData, renderableText } from './renderables.js'

const auth: Reader<unknown> = (value, at) => {
  if (isRecord(value) && !('$secret' in value)) return record({ user: renderableText, password: textOrSecret }, 'auth: { user, password }')(value, at)
  if (typeof value === 'string') return at.wrong({ expected: '{ user, password }, or util.secret(name)', found: found(value) })
  return textOrSecret(value, at)
}

const delivery = or(oneOf('status', 'message'), 'message')

const ownKinds: { [kind: string]: ReporterKindReader } = {
  httpStatus: {
    options: {
      serverUrl: renderableText, auth: orNull(auth), headers: or(mapOf(renderableText, 'headers: a record of texts'), {}), format: orNull(functionRef), secret: orNull(textOrSecret),
      verify: or(boolean, true), ca: orNull(textOrSecret), cert: orNull(record({ cert: textOrSecret, key: textOrSecret }, 'cert: { cert, key }')), delivery,
    },
    generators: [generatorOf('buildStartEnd')],
    onUnknown: 'retry',
    nameOf: ({ serverUrl }) => `httpStatus ${plainOption(serverUrl)}`.trim(),
    rules({ serverUrl, secret, auth: given }, at) {
      if (typeof serverUrl === 'string' && !(/^https?:/.test(serverUrl) && URL.canParse(serverUrl))) at.at('serverUrl').wrong({ expected: 'a URL that begins with http:// or https://', found: `'${serverUrl}'` })
      if (typeof serverUrl === 'string' && /\/\/[^/]*@/.test(serverUrl)) at.at('serverUrl').wrong({ expected: 'a URL without a name and password: auth says these', found: 'a URL with them' })
      warnOfPlainSecret(secret, at.at('secret'))
      if (typeof given === 'object' && given !== null && 'password' in given) warnOfPlainSecret(given.password, at.at('auth').at('password'))
    },
  },
  custom: {
    options: { report: functionRef, options: or(mapOf(renderableData, 'options: a record'), {}), delivery },
    generators: [generatorOf('buildStatus', { mode: [] })],
    onUnknown: 'stop',
    nameOf: () => '',
  },
}

/** By what `reporters.KIND` they are. */
export const reporterKinds: { [kind: string]: ReporterKindReader } = { ...ownKinds, ...hostReporterKinds, ...chatReporterKinds }
