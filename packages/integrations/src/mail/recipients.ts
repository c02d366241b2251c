import { isFunctionRef, mailAddressesOf, sameMailAddress } from '@yardmaster/domain'
import type { Json, MailAddress, Report, ReporterConfig } from '@yardmaster/domain'
import type { ComposeContext } from '../reporter-kind.js'

export type Recipients = { to: MailAddress[]; cc: MailAddress[] }

/** Whom a mail goes to, each once: a missing worker's are those it names; otherwise who is interested, then the lists, in copy where somebody is interested, as in Buildbot. */
export async function recipientsOf(report: Report, { options }: ReporterConfig, context: ComposeContext): Promise<Recipients> {
  if (report.event === 'worker.missing') return { to: mailAddressesOf(report.worker?.notify ?? []), cc: [] }
  const extra = texts(await context.render(options['extraRecipients'] ?? []))
  const lists = mailAddressesOf([...extra, ...ofGroups(report, options['groups'])])
  const asksNobody = options['sendToInterestedUsers'] === false || report.event === 'pool.alert'
  const interested = asksNobody ? [] : await lookedUp(report.owners, options['lookup'], context)
  const others = lists.filter(one => !interested.some(other => sameMailAddress(one, other)))
  return interested.length > 0 ? { to: interested, cc: others } : { to: others, cc: [] }
}

type Group = { builders: string[] | null; tags: string[] | null; to: string[] }

/** Lists of the report's builder, by its name or its tags; of a buildset: of each of its builders. */
function ofGroups({ builder, builds }: Report, groups: unknown): string[] {
  const names = builder ? [builder.name] : builds.map(build => build.builder)
  const isOf = ({ builders, tags }: Group) => names.some(name => builders?.includes(name)) || (builder?.tags ?? []).some(tag => tags?.includes(tag))
  return Array.isArray(groups) ? (groups as Group[]).filter(isOf).flatMap(group => group.to) : []
}

async function lookedUp(owners: readonly string[], lookup: unknown, { call }: ComposeContext): Promise<MailAddress[]> {
  if (typeof lookup === 'string') return mailAddressesOf(owners.map(owner => (owner.includes('@') ? owner : `${owner}@${lookup}`)))
  if (!isFunctionRef(lookup)) return mailAddressesOf(owners)
  const answers: Json[] = []
  for (const owner of owners) answers.push(await call(lookup, [owner]))
  return mailAddressesOf(answers.flatMap(answer => (typeof answer === 'string' ? [answer] : texts(answer))))
}

const texts = (value: Json): string[] => (Array.isArray(value) ? value.filter(item => typeof item === 'string') : [])
