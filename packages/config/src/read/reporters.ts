import type { Renderable, ReporterConfig, ReporterKind } from '@yardmaster/domain'
import { generatorList } from './generators.js'
import { duration, name, oneOf } from './leaves.js'
import { mapped, orNull, record, type Reader } from './reader.js'
import type { ReporterKindReader } from './reporter-kind.js'
import { reporterKinds } from './reporter-kinds.js'

const common = { name: orNull(name), generators: orNull(generatorList), onUnknown: orNull(oneOf('stop', 'retry')), deadline: orNull(duration) }

const reporter = (kind: string, { options, generators, onUnknown, nameOf, rules }: ReporterKindReader): Reader<{ reporter: ReporterConfig }> =>
  mapped(record({ ...options, ...common }, `options of reporters.${kind}`), (given, at) => {
    const said: { [option: string]: unknown } = given
    rules?.(said, at)
    const named = given.name ?? nameOf(said).slice(0, 255)
    if (named === '') at.at('name').wrong({ expected: 'a name', found: 'nothing' })
    return {
      reporter: {
        name: named, kind: kind as ReporterKind, generators: given.generators ?? (typeof generators === 'function' ? generators(said) : generators), onUnknown: given.onUnknown ?? onUnknown, deadline: given.deadline,
        options: Object.fromEntries(Object.keys(options).map(key => [key, said[key] as Renderable])),
      },
    }
  })

/** Readers of `reporters.KIND(…)`. */
export const reporterReaders = Object.fromEntries(Object.entries(reporterKinds).map(([kind, reader]) => [`reporter.${kind}`, reporter(kind, reader)]))
