import { isFunctionRef, mailAddressesOf, sameMailAddress } from '@yardmaster/domain'
import type { Json, MailAddress, Report, ReporterConfig } from '@yardmaster/domain'
import type { ComposeContext, SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'

export type Recipients = { to: MailAddress[]; cc: MailAddress[] }

/** `ask`: who is interested, but has to be looked up by the configuration's function, which may take its time: when the mail is sent. */
export type Asked = Recipients & { ask: string[] }

/** Whom a mail goes to, each once: a missing worker's are those it names; otherwise who is interested, then the lists. */
export async function recipientsOf(report: Report, { options }: ReporterConfig, context: ComposeContext): Promise<Asked> {
  if (report.event === 'worker.missing') return { to: mailAddressesOf(report.worker?.notify ?? []), cc: [], ask: [] }
  const extra = texts(await context.render(options['extraRecipients'] ?? []))
  const lists = mailAddressesOf([...extra, ...ofGroups(report, options['groups'])])
  const owners = options['sendToInterestedUsers'] === false || report.event === 'pool.alert' ? [] : report.owners
  const lookup = options['lookup']
  if (isFunctionRef(lookup)) return { to: lists, cc: [], ask: owners.slice(0, mostAsked) }
  return { ...together(mailAddressesOf(typeof lookup === 'string' ? owners.map(owner => (owner.includes('@') ? owner : `${owner}@${lookup}`)) : owners), lists), ask: [] }
}

const mostAsked = 100

/** The lists are in copy where somebody is interested, as in Buildbot. */
function together(interested: MailAddress[], lists: MailAddress[]): Recipients {
  const others = lists.filter(one => !interested.some(other => sameMailAddress(one, other)))
  return interested.length > 0 ? { to: interested, cc: others } : { to: others, cc: [] }
}

/** Once those are looked up who have to be. Throws SendError. */
export async function lookUp({ ask, to }: Asked, { options }: ReporterConfig, context: SendContext): Promise<Recipients> {
  const lookup = options['lookup']
  if (!isFunctionRef(lookup)) throw new SendError('the active configuration has no function `lookup` any more', { outcome: 'again' })
  const found: string[] = []
  for (const owner of ask) {
    const answer = await context.callPatiently(lookup, [owner], {}).catch((error: unknown) => {
      throw new SendError(`lookup of '${owner}': ${error instanceof Error ? error.message : String(error)}`, { outcome: 'again', cause: error })
    })
    found.push(...(typeof answer === 'string' ? [answer] : texts(answer)))
  }
  return together(mailAddressesOf(found), to)
}

type Group = { builders: string[] | null; tags: string[] | null; to: string[] }

/** Lists of the report's builder, by its name or its tags; of a buildset: of each of its builders. */
function ofGroups({ builder, builds }: Report, groups: unknown): string[] {
  const names = builder ? [builder.name] : builds.map(build => build.builder)
  const isOf = ({ builders, tags }: Group) => names.some(name => builders?.includes(name)) || (builder?.tags ?? []).some(tag => tags?.includes(tag))
  return Array.isArray(groups) ? (groups as Group[]).filter(isOf).flatMap(group => group.to) : []
}

const texts = (value: Json): string[] => (Array.isArray(value) ? value.filter(item => typeof item === 'string') : [])
