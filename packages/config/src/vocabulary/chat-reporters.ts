import type { SecretRef } from '@yardmaster/domain'
import { declare, type Declared } from './declare.js'
import type { ReporterOptions } from './generators.js'
import type { Nested, Renderable, Text } from './values.js'

export type MailOptions = ReporterOptions & {
  /** Who it comes from: 'Yard <yard@example.org>'. */
  fromaddr: Text
  /** To the authors of the changes and who asked for the build (true unless said otherwise). */
  sendToInterestedUsers?: boolean
  /** In copy where somebody is interested, else as recipients. */
  extraRecipients?: Renderable<readonly string[]> | readonly Text[]
  /** More of them for some builders: by their names or tags. */
  groups?: Nested<{ builders?: Nested<string>; tags?: Nested<string>; to: Nested<string> }>
  /** Of those interested whose name is no address: a domain, or a function that answers with addresses (null: none), within a minute for all. It is asked of those too whose name is an address. */
  lookup?: string | ((user: string) => string | readonly string[] | null | Promise<string | readonly string[] | null>)
  /** localhost unless said otherwise. */
  relayhost?: string
  /** 25 unless said otherwise; 465 with useSmtps. */
  smtpPort?: number
  /** STARTTLS or nothing; true unless said otherwise where there is a smtpUser. false: STARTTLS where the server has it. */
  useTls?: boolean
  /** TLS from the start. */
  useSmtps?: boolean
  smtpUser?: string | SecretRef
  smtpPassword?: string | SecretRef
  /** true unless said otherwise: with useTls and useSmtps the server's certificate must be good. */
  verify?: boolean
  /** PEM, besides the system's authorities. */
  ca?: string | SecretRef
  extraHeaders?: { [name: string]: Text }
}

type ChatMessages = {
  /** A build has one message, which becomes what is newest. */
  update?: boolean
}

export type SlackOptions = ReporterOptions & ChatMessages & {
  /** An incoming webhook's URL; or token and channel. */
  webhook?: string | SecretRef
  /** A bot's token, with the right chat:write. */
  token?: string | SecretRef
  /** '#builds' or a channel's id. */
  channel?: Text
  /** Messages of a build in the thread of its first one; with a token. */
  thread?: boolean
  /** https://slack.com/api unless said otherwise. */
  baseUrl?: string
}

export type DiscordOptions = ReporterOptions & ChatMessages & {
  /** A webhook's URL. */
  webhook: string | SecretRef
  /** Shown as the sender; as the webhook says unless said otherwise. */
  username?: string
  avatarUrl?: string
  /** Of a thread in the webhook's channel. */
  threadId?: string
}

type Outcome = 'success' | 'warnings' | 'failure' | 'exception' | 'cancelled'
/** Buildbot's events: starts and ends of builds, results, what changed since the build before, and missing workers. */
export type NotifyEvent = 'started' | 'finished' | Outcome | 'better' | 'worse' | 'problem' | 'recovery' | 'worker' | `${Outcome}To${Capitalize<Outcome>}`

export type IrcOptions = ReporterOptions & {
  host: string
  /** 6667 unless said otherwise; 6697 with useSsl. */
  port?: number
  nick: string
  channels: Nested<string | { channel: string; password?: string | SecretRef }>
  /** People who are told too. */
  pmToNicks?: Nested<string>
  /** Of the server, or of the account with useSasl. */
  password?: string | SecretRef
  useSsl?: boolean
  /** SASL PLAIN with nick and password. */
  useSasl?: boolean
  /** true unless said otherwise: with useSsl the server's certificate must be good. */
  verify?: boolean
  /** Instead of generators. */
  notifyEvents?: Nested<NotifyEvent>
  /** NOTICE instead of PRIVMSG. */
  noticeOnChannel?: boolean
  /** true unless said otherwise. */
  useColors?: boolean
  showBlameList?: boolean
}

/** Reporters that people read: mail and chat. */
export type ChatReporterDeclaration = Declared<'reporter.mail', MailOptions> | Declared<'reporter.slack', SlackOptions> | Declared<'reporter.discord', DiscordOptions> | Declared<'reporter.irc', IrcOptions>

export const chatReporters = {
  /** Mails, by SMTP: what Buildbot's MailNotifier does. */
  mail: (options: MailOptions): ChatReporterDeclaration => declare('reporter.mail', options),
  slack: (options: SlackOptions): ChatReporterDeclaration => declare('reporter.slack', options),
  discord: (options: DiscordOptions): ChatReporterDeclaration => declare('reporter.discord', options),
  /** Tells channels and people; commands are not understood. */
  irc: (options: IrcOptions): ChatReporterDeclaration => declare('reporter.irc', options),
}
