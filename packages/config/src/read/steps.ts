import { uploadDefaults, type CustomStep, type FileUploadStep, type GitStep, type Renderable, type SetPropertyFromCommandStep, type SetPropertyStep, type ShellStep, type StepConfig, type TriggerStep } from '@yardmaster/domain'
import { boolean, durationOrNone, functionRef, name, oneOf, text, wholeNumber } from './leaves.js'
import { locks } from './locks.js'
import { byKind, found, leaf, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'
import { command, condition, environmentValue, renderableData, renderableText, renderableTexts } from './renderables.js'

const common = (kind: string, haltOnFailure = false) => ({
  name: or(name, kind),
  haltOnFailure: or(boolean, haltOnFailure),
  flunkOnFailure: or(boolean, true),
  flunkOnWarnings: or(boolean, false),
  warnOnFailure: or(boolean, false),
  warnOnWarnings: or(boolean, false),
  alwaysRun: or(boolean, false),
  doStepIf: condition(true),
  hideStepIf: condition(false),
  locks,
  description: orNull(renderableTexts),
  descriptionDone: orNull(renderableTexts),
  descriptionSuffix: orNull(renderableTexts),
})

/** Environment variables by name. */
export const env = mapOf(environmentValue, 'environment variables: a record of texts')

const shellOptions = {
  env: or(env, {}),
  workdir: or(renderableText, 'build'),
  timeout: durationOrNone(1200),
  maxTime: durationOrNone(null),
  logEnviron: or(boolean, true),
  usePTY: or(boolean, false),
}

const resultNumber = leaf('a result: 0 to 6, or one of results.SUCCESS and so on', value => (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 6 ? value : undefined))

const decodeRC: Reader<{ [rc: string]: number }> = mapped(mapOf(resultNumber, 'exit codes with their results: a record'), (codes, at) => {
  for (const code of Object.keys(codes)) if (!/^-?\d+$/.test(code)) at.at(code).note({ expected: 'an exit code', found: `'${code}'` })
  return codes
})

const shell: Reader<ShellStep> = mapped(record({
  ...common('shell'), ...shellOptions, command, decodeRC: or(decodeRC, { '0': 0 }), logfiles: or(mapOf(renderableText, 'log names with their files: a record'), {}),
}, 'options of steps.shell'), step => ({ kind: 'shell', ...step }))

/** true: only the newest revision. */
const shallow: Reader<number | null> = (value, at) => {
  if (value === undefined || value === null || value === false) return null
  if (value === true) return 1
  return typeof value === 'number' ? wholeNumber(1)(value, at) : at.wrong({ expected: 'true, false, or how many revisions', found: found(value) })
}

const git: Reader<GitStep> = mapped(record({
  ...common('git', true), ...shellOptions,
  repository: renderableText,
  branch: orNull(renderableText),
  mode: or(oneOf('full', 'incremental'), 'incremental'),
  method: or(oneOf('clean', 'fresh', 'clobber', 'copy'), 'fresh'),
  shallow,
  submodules: or(boolean, false),
  codebase: or(text, ''),
  alwaysUseLatest: or(boolean, false),
}, 'options of steps.git'), step => ({
  kind: 'git', ...step, name: step.codebase === '' ? step.name : `${step.name}-${step.codebase}`,
  description: step.description ?? 'updating', descriptionDone: step.descriptionDone ?? 'update', descriptionSuffix: step.descriptionSuffix ?? (step.codebase || null),
}))

const setProperty: Reader<SetPropertyStep> = mapped(record({
  ...common('setProperty'), property: name, value: renderableData,
}, 'options of steps.setProperty'), step => ({ kind: 'setProperty', ...step }))

const setPropertyFromCommand: Reader<SetPropertyFromCommandStep> = mapped(record({
  ...common('setPropertyFromCommand'), ...shellOptions, command, property: orNull(name), strip: or(boolean, true), extract: orNull(functionRef),
}, 'options of steps.setPropertyFromCommand'), (step, at) => {
  if ((step.property === null) === (step.extract === null)) {
    at.wrong({ expected: "either 'property' or 'extract'", found: step.property === null ? 'neither' : 'both' })
  }
  return { kind: 'setPropertyFromCommand', ...step }
})

const someSchedulers = (least: number): Reader<Renderable[]> => mapped(list(renderableText, 'a list of names of triggerable schedulers'), (names, at) =>
  names.length < least ? at.wrong({ expected: 'at least one name of a triggerable scheduler', found: 'an empty list' }) : names)

const trigger: Reader<TriggerStep> = mapped(record({
  ...common('trigger'), schedulerNames: someSchedulers(1), waitForFinish: or(boolean, false), setProperties: or(mapOf(renderableData, 'properties: a record'), {}),
  updateSourceStamp: orNull(boolean), alwaysUseLatest: or(boolean, false), unimportantSchedulerNames: or(list(name, 'a list of names of schedulers'), []),
}, 'options of steps.trigger'), (step, at) => {
  if (step.updateSourceStamp && step.alwaysUseLatest) at.at('updateSourceStamp').wrong({ expected: 'one of updateSourceStamp and alwaysUseLatest', found: 'both' })
  const stray = step.unimportantSchedulerNames.find(unimportant => step.schedulerNames.every(item => typeof item === 'string') && !step.schedulerNames.includes(unimportant))
  if (stray !== undefined) at.at('unimportantSchedulerNames').wrong({ expected: 'names that are in schedulerNames', found: `'${stray}'` })
  return { kind: 'trigger', ...step, updateSourceStamp: step.updateSourceStamp ?? !step.alwaysUseLatest }
})

const uploadOptions = { workdir: or(renderableText, 'build'), maxsize: or(wholeNumber(1), uploadDefaults.maxBytes), keep: durationOrNone(uploadDefaults.keep), masterdest: orNull(renderableText) }
const uploadWords = <S extends { description: Renderable; descriptionDone: Renderable }>(step: S): S => ({ ...step, description: step.description ?? 'uploading', descriptionDone: step.descriptionDone ?? 'upload' })

const fileUpload: Reader<FileUploadStep> = mapped(record({ ...common('fileUpload'), ...uploadOptions, workersrc: renderableText }, 'options of steps.fileUpload'), ({ workersrc, ...step }) =>
  uploadWords({ kind: 'fileUpload', ...step, workersrcs: [workersrc], several: false, glob: false }))

const multipleFileUpload: Reader<FileUploadStep> = mapped(record({
  ...common('multipleFileUpload'), ...uploadOptions, workersrcs: list(renderableText, 'a list of files'), glob: or(boolean, false),
}, 'options of steps.multipleFileUpload'), step => uploadWords({ kind: 'fileUpload', ...step, several: true }))

const custom: Reader<CustomStep> = mapped(record({ ...common('custom'), run: functionRef }, 'options of steps.custom'), step => ({ kind: 'custom', ...step }))

/** One step of any kind, with Buildbot's defaults. */
export const step: Reader<StepConfig> = byKind<StepConfig>({ shell, git, setProperty, setPropertyFromCommand, trigger, fileUpload, multipleFileUpload, custom }, 'a step: steps.shell(…), steps.git(…), … or a function')

/** Second and further steps of a name get _1, _2 and so on, as in Buildbot. */
export function withUniqueNames(steps: StepConfig[]): StepConfig[] {
  const counts = new Map<string, number>()
  return steps.map(step => {
    const count = counts.get(step.name)
    counts.set(step.name, (count ?? 0) + (count === undefined ? 0 : 1))
    return count === undefined ? step : { ...step, name: `${step.name}_${count + 1}` }
  })
}
