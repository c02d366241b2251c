import { isFunctionRef, type GeneratorConfig, type ReportMode } from '@yardmaster/domain'
import { boolean, functionRef, name, oneOf, text } from './leaves.js'
import { byKind, found, list, mapped, or, orNull, record, type Reader } from './reader.js'

type Kind = GeneratorConfig['kind']

const modes = ['change', 'failing', 'passing', 'problem', 'warnings', 'exception', 'cancelled'] as const satisfies readonly ReportMode[]
/** As Buildbot's words for several: RETRY is no end, and 'warnings' alone tells of failures too. */
const all: ReportMode[] = ['failing', 'passing', 'warnings', 'exception', 'cancelled']
const usual: ReportMode[] = ['failing', 'passing', 'warnings']

/** A generator with nothing said but its kind. */
export const generatorOf = (kind: Kind, more: Partial<GeneratorConfig> = {}): GeneratorConfig => ({
  kind, mode: kind === 'buildStatus' || kind === 'buildSet' ? usual : [], builders: null, tags: null, schedulers: null, branches: null, workers: null, reportNew: false,
  addLogs: false, addPatch: false, formatter: null, startFormatter: null, ...more,
})

/** Items of nested lists; a single one is a list of one. */
export const listOf = <T>(reader: Reader<T>, expected: string): Reader<T[]> => {
  const items = list(reader, expected)
  return (value, at) => items(Array.isArray(value) ? value.flat(20).filter(item => item !== null && item !== false && item !== '') : value === undefined ? value : [value], at)
}

const mode: Reader<ReportMode[]> = (value, at) => (value === undefined ? usual : value === 'all' ? all : value === 'warnings' ? ['failing', 'warnings'] : listOf(oneOf(...modes), "'all' or a list of modes")(value, at))
const names = (what: string): Reader<string[] | null> => orNull(listOf(name, `a list of ${what}`))
const addLogs: Reader<boolean | string[]> = (value, at) => (value === undefined ? false : typeof value === 'boolean' ? value : list(text, 'true, false or a list of names of logs')(value, at))
const workers: Reader<string[] | null> = (value, at) => (value === 'all' ? null : names('names of workers')(value, at))

const scope = { builders: names('names of builders'), tags: names('tags'), schedulers: names('names of schedulers'), branches: names('branches') }
const content = { addLogs, addPatch: or(boolean, false) }
const words = { messageFormatter: orNull(functionRef) }

type Given = { messageFormatter?: GeneratorConfig['formatter']; endFormatter?: GeneratorConfig['formatter'] } & Partial<GeneratorConfig>

const made = (kind: Kind, shape: { [key: string]: Reader<unknown> }): Reader<GeneratorConfig> =>
  mapped(record(shape, `options of reporters.${kind}Generator`), given => {
    const { messageFormatter, endFormatter, ...rest } = given as Given
    return generatorOf(kind, { ...rest, formatter: messageFormatter ?? endFormatter ?? rest.formatter ?? null })
  })

const generator: Reader<GeneratorConfig> = byKind<GeneratorConfig>({
  'generator.buildStatus': made('buildStatus', { ...scope, ...content, ...words, mode, reportNew: or(boolean, false) }),
  'generator.buildStartEnd': made('buildStartEnd', { ...scope, ...content, startFormatter: orNull(functionRef), endFormatter: orNull(functionRef) }),
  'generator.buildRequest': made('buildRequest', { ...scope, formatter: orNull(functionRef), addPatch: or(boolean, false) }),
  'generator.buildSet': made('buildSet', { ...scope, ...content, ...words, mode }),
  'generator.buildSetCombined': made('buildSetCombined', words),
  'generator.workerMissing': made('workerMissing', { ...words, workers }),
  'generator.poolAlert': made('poolAlert', words),
  'generator.steps': made('steps', { ...scope, ...words }),
}, 'a generator: reporters.buildStatusGenerator(…) and so on')

export const generatorList: Reader<GeneratorConfig[]> = (value, at) => {
  if (isFunctionRef(value ?? null)) return at.wrong({ expected: 'a list of generators: reporters.buildStatusGenerator(…) and so on', found: found(value) })
  const read = listOf(generator, 'a list of generators: reporters.buildStatusGenerator(…) and so on')(value, at)
  return read.length === 0 ? at.wrong({ expected: 'at least one generator, or no list at all: as its kind says', found: 'an empty list' }) : read
}
