import { Problem } from './problem.js'
import { Build, Builder, type RestClient } from './rest-client.js'

export async function findBuilder(client: RestClient, name: string): Promise<Builder> {
  const builders = await client.list('builders', 'builders', Builder)
  const found = builders.find(builder => builder.name === name) ?? builders.find(builder => String(builder.builderid) === name)
  if (found !== undefined) return found
  const names = builders.map(builder => builder.name).sort()
  throw new Problem(`there is no builder ${JSON.stringify(name)}; ${names.length === 0 ? 'no builder is configured' : `there are: ${names.join(', ')}`}`)
}

/** A build by its id, by `builder/number`, or the newest one by `last`. */
export async function findBuild(client: RestClient, reference: string): Promise<Build> {
  const missing = `there is no build ${JSON.stringify(reference)}`
  if (reference === 'last') return client.one('builds', 'builds', Build, 'there is no build yet', { order: '-buildid', limit: 1 })
  if (/^\d+$/.test(reference)) return client.one(`builds/${reference}`, 'builds', Build, missing)
  const [, builder, number] = /^(.+)\/(\d+)$/.exec(reference) ?? []
  if (builder === undefined || number === undefined) throw new Problem(`${JSON.stringify(reference)} names no build: give its id, BUILDER/NUMBER, or "last"`)
  const { builderid } = await findBuilder(client, builder)
  return client.one(`builders/${builderid}/builds/${number}`, 'builds', Build, missing)
}

/** Names of all builders by id. */
export async function builderNames(client: RestClient): Promise<Map<number, string>> {
  const builders = await client.list('builders', 'builders', Builder)
  return new Map(builders.map(({ builderid, name }) => [builderid, name]))
}
