import { builders, builds, type Build, type Builder } from '@yardmaster/rest'
import { Problem } from './problem.js'
import type { Remote } from './remote.js'

export async function findBuilder(remote: Remote, name: string): Promise<Builder> {
  const all = await remote.list(builders, 'builders')
  const found = all.find(builder => builder.name === name) ?? all.find(builder => String(builder.builderid) === name)
  if (found !== undefined) return found
  const names = all.map(builder => builder.name).sort()
  throw new Problem(`there is no builder ${JSON.stringify(name)}; ${names.length === 0 ? 'no builder is configured' : `there are: ${names.join(', ')}`}`)
}

/** A build by its id, by `builder/number`, or the newest one by `last`. */
export async function findBuild(remote: Remote, reference: string): Promise<Build> {
  const missing = `there is no build ${JSON.stringify(reference)}`
  if (reference === 'last') return remote.one(builds, 'builds', 'there is no build yet', { order: '-buildid', limit: 1 })
  if (/^\d+$/.test(reference)) return remote.one(builds, `builds/${reference}`, missing)
  const [, builder, number] = /^(.+)\/(\d+)$/.exec(reference) ?? []
  if (builder === undefined || number === undefined) throw new Problem(`${JSON.stringify(reference)} names no build: give its id, BUILDER/NUMBER, or "last"`)
  const { builderid } = await findBuilder(remote, builder)
  return remote.one(builds, `builders/${builderid}/builds/${number}`, missing)
}

/** Names of all builders by id. */
export async function builderNames(remote: Remote): Promise<Map<number, string>> {
  const all = await remote.list(builders, 'builders')
  return new Map(all.map(({ builderid, name }) => [builderid, name]))
}
