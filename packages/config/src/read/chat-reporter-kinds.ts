import { ircEvents, isMailAddress } from '@yardmaster/domain'
import { generatorOf, listOf } from './generators.js'
import { boolean, functionRef, name, oneOf, text, textOrSecret } from './leaves.js'
import { found, leaf, mapOf, mapped, or, orNull, record, type Place, type Reader } from './reader.js'
import { warnOfPlainSecret, type ReporterKindReader } from './reporter-kind.js'
import { renderableText } from './renderables.js'

/** For names: '' for what is no text yet. */
const plain = (value: unknown): string => (typeof value === 'string' ? value : '')

type Given = { [option: string]: unknown }

const usual = [generatorOf('buildStatus'), generatorOf('poolAlert')]

const address = leaf("a mail address: 'a@example.org' or 'Full Name <a@example.org>'", value => (typeof value === 'string' && isMailAddress(value) ? value : undefined))
const addressText: Reader<ReturnType<typeof renderableText>> = (value, at) => (typeof value === 'string' ? address(value, at) : renderableText(value, at))
const addressTexts: Reader<unknown> = (value, at) => (Array.isArray(value) || typeof value === 'string' ? listOf(addressText, 'a list of mail addresses')(value, at) : renderableText(value, at))

const group = mapped(record({ builders: orNull(listOf(name, 'names of builders')), tags: orNull(listOf(name, 'tags')), to: listOf(address, 'mail addresses') }, 'a group: { builders, tags, to }'), (given, at) =>
  (given.builders || given.tags ? given : at.wrong({ expected: 'builders or tags of the group', found: 'neither' })))

const lookup: Reader<unknown> = (value, at) => {
  if (typeof value !== 'string') return functionRef(value, at)
  return isMailAddress(`a@${value}`) ? value : at.wrong({ expected: "a domain like 'example.org', or a function", found: found(value) })
}

const ownHeaders = ['from', 'to', 'cc', 'bcc', 'subject', 'date', 'message-id', 'in-reply-to', 'references', 'mime-version', 'content-type', 'content-transfer-encoding', 'sender', 'return-path', 'received']
const extraHeaders: Reader<{ [header: string]: unknown }> = (value, at) => {
  const headers = mapOf(renderableText, 'extraHeaders: a record of texts')(value, at)
  for (const header of Object.keys(headers)) {
    if (!/^[A-Za-z0-9-]+$/.test(header)) at.at(header).wrong({ expected: 'a name of a header: letters, digits and dashes', found: `'${header}'` })
    if (ownHeaders.includes(header.toLowerCase())) at.at(header).wrong({ expected: 'a header that the mail does not have anyway', found: `'${header}'` })
  }
  return headers
}

const port = leaf('a port: 1 to 65535', value => (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535 ? value : undefined))

const mail: ReporterKindReader = {
  options: {
    fromaddr: addressText, sendToInterestedUsers: or(boolean, true), extraRecipients: or(addressTexts, []), groups: or(listOf(group, 'a list of groups: { builders, tags, to }'), []), lookup: orNull(lookup),
    relayhost: or(name, 'localhost'), smtpPort: orNull(port), useTls: orNull(boolean), useSmtps: or(boolean, false), smtpUser: orNull(textOrSecret), smtpPassword: orNull(textOrSecret),
    verify: or(boolean, true), ca: orNull(textOrSecret), extraHeaders: or(extraHeaders, {}),
  },
  generators: [generatorOf('buildStatus', { addPatch: true }), generatorOf('workerMissing'), generatorOf('poolAlert')],
  onUnknown: 'stop',
  nameOf: ({ extraRecipients }) => `mail ${Array.isArray(extraRecipients) ? extraRecipients.map(plain).join(' ') : ''}`.trim(),
  rules(given, at) {
    warnOfPlainSecret(given['smtpPassword'], at.at('smtpPassword'))
    if (given['useTls'] === true && given['useSmtps'] === true) at.at('useTls').wrong({ expected: 'useTls (STARTTLS) or useSmtps', found: 'both' })
    if ((given['smtpUser'] === null) !== (given['smtpPassword'] === null)) at.at('smtpUser').wrong({ expected: 'smtpUser and smtpPassword together', found: 'one of them' })
    if (given['useTls'] === false && given['smtpUser'] !== null && given['useSmtps'] !== true) at.at('useTls').warn('is false, so the password goes to whoever answers as the server, in the clear where that has no TLS')
    given['smtpPort'] ??= given['useSmtps'] === true ? 465 : 25
  },
}

const webhookUrl = (value: unknown, at: Place): void => {
  if (typeof value === 'string' && !(URL.canParse(value) && /^https?:/.test(value))) at.wrong({ expected: 'a URL that begins with http:// or https://', found: 'another text' })
  warnOfPlainSecret(value, at)
}

const slack: ReporterKindReader = {
  options: { webhook: orNull(textOrSecret), token: orNull(textOrSecret), channel: orNull(renderableText), thread: or(boolean, false), update: or(boolean, false), baseUrl: or(text, 'https://slack.com/api') },
  generators: usual,
  onUnknown: 'stop',
  nameOf: ({ channel }) => `slack ${plain(channel)}`.trim(),
  rules(given, at) {
    const { channel, thread, token, update, webhook } = given
    if ((webhook === null) === (token === null)) at.wrong({ expected: 'a webhook, or a token and a channel', found: webhook === null ? 'neither' : 'both' })
    if (token !== null && channel === null) at.at('channel').wrong({ expected: "where the bot is to write: '#builds' or a channel's id", found: 'nothing' })
    if (token === null && channel !== null) at.at('channel').wrong({ expected: 'no channel: the webhook has one', found: 'a channel' })
    if (token === null && (thread === true || update === true)) at.at(thread === true ? 'thread' : 'update').wrong({ expected: 'a token: webhooks cannot do that', found: 'a webhook' })
    if (thread === true && update === true) at.at('thread').wrong({ expected: 'thread or update', found: 'both' })
    webhookUrl(webhook, at.at('webhook'))
    warnOfPlainSecret(token, at.at('token'))
  },
}

const discord: ReporterKindReader = {
  options: { webhook: textOrSecret, username: orNull(name), avatarUrl: orNull(text), threadId: orNull(name), update: or(boolean, false) },
  generators: usual,
  onUnknown: 'stop',
  nameOf: () => 'discord',
  rules: ({ webhook }, at) => webhookUrl(webhook, at.at('webhook')),
}

const ircWord = (what: string, shape: RegExp) => leaf(what, value => (typeof value === 'string' && shape.test(value) ? value : undefined))
const nick = ircWord('a nick: without spaces, of at most 30 characters', /^[^\s#&:,!@\p{Cc}\d-][^\s:,!@\p{Cc}]{0,29}$/u)
const channelName = ircWord("a channel: '#builds'", /^[#&+!][^\s,:\p{Cc}]{1,63}$/u)
const channelOf = record({ channel: channelName, password: orNull(textOrSecret) }, "a channel: '#builds' or { channel, password }")
const channel: Reader<{ channel: string; password: unknown }> = (value, at) => (typeof value === 'string' ? { channel: channelName(value, at), password: null } : channelOf(value, at))

const irc: ReporterKindReader = {
  options: {
    host: name, port: orNull(port), nick, channels: listOf(channel, 'a list of channels'), pmToNicks: or(listOf(nick, 'a list of nicks'), []), password: orNull(textOrSecret), useSsl: or(boolean, false),
    useSasl: or(boolean, false), verify: or(boolean, true), notifyEvents: orNull(listOf(oneOf(...ircEvents), "a list of events: 'problem', 'recovery' and so on")), noticeOnChannel: or(boolean, false),
    useColors: or(boolean, true), showBlameList: or(boolean, false),
  },
  generators: ({ notifyEvents }: Given) => (Array.isArray(notifyEvents)
    ? [generatorOf('buildStatus', { mode: [], reportNew: true }), ...(notifyEvents.includes('worker') ? [generatorOf('workerMissing')] : [])]
    : usual),
  onUnknown: 'stop',
  nameOf: ({ channels, host }) => `irc ${plain(host)} ${(channels as { channel: string }[]).map(item => item.channel).join(' ')}`.trim(),
  rules(given, at) {
    if ((given['channels'] as unknown[]).length + (given['pmToNicks'] as unknown[]).length === 0) at.at('channels').wrong({ expected: 'a channel, or somebody in pmToNicks', found: 'nobody' })
    if (given['useSasl'] === true && given['password'] === null) at.at('password').wrong({ expected: "the account's password, for useSasl", found: 'nothing' })
    warnOfPlainSecret(given['password'], at.at('password'))
    given['port'] ??= given['useSsl'] === true ? 6697 : 6667
  },
}

export const chatReporterKinds: { [kind: string]: ReporterKindReader } = { mail, slack, discord, irc }
