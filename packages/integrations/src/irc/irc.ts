import { ircEvents } from '@yardmaster/domain'
import type { IrcEvent, Message, Report, ReporterConfig, Sent } from '@yardmaster/domain'
import { z } from 'zod'
import { aboutOf } from '../formatting/about.js'
import { cut } from '../formatting/story.js'
import { wordingOf } from '../formatting/wording.js'
import { flagOption, numberOption, textOption } from '../read-option.js'
import type { ComposeContext, ReporterKindDriver, SendContext } from '../reporter-kind.js'
import { ircLines, isNotified } from './irc-lines.js'
import { ircSessions } from './irc-sessions.js'
import type { Account, Place } from './irc-session.js'

/** Who comes an hour later does not want to be told. */
const deadline = 1_800

const ircPayload = z.object({ place: z.string(), lines: z.array(z.string()) })

const sessions = ircSessions()

export const ircDriver: ReporterKindDriver = { compose, send }

/** A message for each channel and each person. */
async function compose(report: Report, { options }: ReporterConfig, context: ComposeContext): Promise<Message[]> {
  const events = options['notifyEvents'] ?? null
  if (events !== null && !isNotified(report, textsOf(events).filter(isEvent))) return []
  const wording = await wordingOf(report, context)
  if (!wording) return []
  const lines = ircLines(report, wording, { useColors: options['useColors'] !== false, showBlameList: options['showBlameList'] === true })
  if (lines.length === 0) return []
  const places = [...channelsOf(options['channels']).map(({ channel }) => channel), ...textsOf(options['pmToNicks'])]
  return places.map(place => ({ target: `irc ${String(options['host'])} ${place}`, subject: aboutOf(report), delivery: 'message', summary: cut(wording.subject, 200), deadline, payload: { place, lines } }))
}

const isEvent = (event: string): event is IrcEvent => ircEvents.some(known => known === event)
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [])

const channels = z.array(z.object({ channel: z.string(), password: z.unknown() }))
const channelsOf = (value: unknown) => channels.safeParse(value).data ?? []

async function send({ payload }: Message, { options }: ReporterConfig, context: SendContext): Promise<Sent> {
  const { lines, place } = ircPayload.parse(payload)
  const account = await accountOf(context)
  const speech = { place: await placeOf(place, context), lines, notice: options['noticeOnChannel'] === true && /^[#&+!]/.test(place) }
  await sessions.say(account, speech, context)
  return { detail: `taken by ${account.host}` }
}

async function accountOf(context: SendContext): Promise<Account> {
  return {
    host: (await textOption(context, 'host')) ?? '', port: await numberOption(context, 'port', 6_667), nick: (await textOption(context, 'nick')) ?? '', password: await textOption(context, 'password'),
    sasl: (await flagOption(context, 'useSasl')) ?? false, tls: (await flagOption(context, 'useSsl')) ?? false, verify: (await flagOption(context, 'verify')) ?? true,
  }
}

async function placeOf(name: string, { option }: SendContext): Promise<Place> {
  const found = channelsOf(await option('channels')).find(({ channel }) => channel === name)
  return { name, password: typeof found?.password === 'string' ? found.password : null }
}
