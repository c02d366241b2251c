import type { Envelope } from '@yardmaster/domain'

/** Kinds of rows that events speak of. */
export type Subject = 'master' | 'builder' | 'scheduler' | 'project' | 'worker' | 'instance' | 'pool' | 'change' | 'changesource' | 'delivery' | 'notification' | 'buildset' | 'buildrequest' | 'build' | 'step' | 'log' | 'testresultset' | 'control'
export type Told = { subject: Subject; /** What of it is told: the resource, or a build's properties. */ part: 'resource' | 'properties' | 'missing'; id: number; paths: string[] }

type Parents = NonNullable<Envelope['parents']>
type PathsOf = (id: number, parents: Parents) => (string | false)[]

const given = (...ids: (number | string | undefined)[]): boolean => ids.every(id => id !== undefined)

/** Buildbot's event paths of each kind (and, of what only we have, our own), without the event at their end. */
const paths: { [S in Subject]: PathsOf } = {
  master: id => [`masters/${id}`],
  builder: id => [`builders/${id}`],
  scheduler: id => [`schedulers/${id}`],
  project: id => [`projects/${id}`],
  worker: id => [`workers/${id}`],
  instance: (id, { worker }) => [`instances/${id}`, given(worker) && `workers/${worker}/instances/${id}`],
  pool: id => [`pools/${id}`],
  change: id => [`changes/${id}`],
  changesource: id => [`changesources/${id}`],
  delivery: id => [`deliveries/${id}`],
  notification: (id, { build }) => [`notifications/${id}`, given(build) && `builds/${build}/notifications/${id}`],
  buildset: id => [`buildsets/${id}`],
  buildrequest: (id, { builder, buildset }) => [
    `buildrequests/${id}`,
    given(builder) && `builders/${builder}/buildrequests/${id}`,
    given(builder, buildset) && `buildsets/${buildset}/builders/${builder}/buildrequests/${id}`,
  ],
  build: (id, { builder, number, worker }) => [
    `builds/${id}`,
    given(builder, number) && `builders/${builder}/builds/${number}`,
    given(worker) && `workers/${worker}/builds/${id}`,
  ],
  testresultset: id => [`test_result_sets/${id}`],
  step: (id, { build }) => [`steps/${id}`, given(build) && `builds/${build}/steps/${id}`],
  control: (_id, { thing = '', row, action }) => [controlled[thing] !== undefined && given(row, action) && `control/${controlled[thing]}/${row}`],
  log: (id, { build, step, slug }) => [`logs/${id}`, given(step, slug) && `steps/${step}/logs/${slug}`, given(build) && `builds/${build}/logs/${id}`],
}

/** Of what Buildbot tells control actions, in its words. */
const controlled: { readonly [thing: string]: string } = { builds: 'builds', build_requests: 'buildrequests', workers: 'worker' }

const isSubject = (name: string): name is Subject => Object.hasOwn(paths, name)

/** What an envelope tells and under which paths; null: nothing that Buildbot's clients know. */
export function toldBy({ type, id, parents = {} }: Envelope): Told | null {
  const [subject = '', event] = type.split('.')
  if (!isSubject(subject)) return null
  if (subject === 'build' && event === 'properties') return { subject, part: 'properties', id, paths: [`builds/${id}/properties/update`] }
  if (subject === 'worker' && event === 'missing') return { subject, part: 'missing', id, paths: [`workers/${id}/missing`] }
  const found = paths[subject](id, parents).filter(path => path !== false)
  return { subject, part: 'resource', id, paths: found.map(path => `${path}/${subject === 'control' ? parents.action : event}`) }
}
