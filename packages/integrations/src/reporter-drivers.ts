import type { ReporterKind } from '@yardmaster/domain'
import { codeHostDrivers } from './code-host-drivers.js'
import { customDriver } from './custom/custom.js'
import { discordDriver } from './discord/discord.js'
import { ircDriver } from './irc/irc.js'
import { mailDriver } from './mail/mail.js'
import type { ReporterKindDriver } from './reporter-kind.js'
import { slackDriver } from './slack/slack.js'
import { httpStatusDriver } from './webhook/webhook.js'

const drivers: { [kind in ReporterKind]?: ReporterKindDriver } = {
  ...codeHostDrivers,
  mail: mailDriver,
  slack: slackDriver,
  discord: discordDriver,
  irc: ircDriver,
  httpStatus: httpStatusDriver,
  custom: customDriver,
}

/** Throws for a kind that this version does not have. */
export function reporterDriver(kind: ReporterKind): ReporterKindDriver {
  const driver = drivers[kind]
  if (!driver) throw new Error(`this version of the software has no reporter '${kind}': the configuration was stored by another`)
  return driver
}
