import { forceParameter, reservedForceFields, toText, withFullNames } from '@yardmaster/domain'
import type { ForceParameter } from '@yardmaster/domain'
import { anyWholeNumber, boolean, name, pattern, plainData, text, wholeNumber } from './leaves.js'
import { byKind, list, mapped, or, orNull, record } from './reader.js'
import type { Reader, Shape } from './reader.js'

type Given = Partial<ForceParameter> & Pick<ForceParameter, 'name'>

const fieldName: Reader<string> = mapped(name, (given, at) => {
  if (reservedForceFields.includes(given)) at.wrong({ expected: 'another name', found: `'${given}'`, message: `'${given}' cannot be used as a parameter name, because it is reserved` })
  return /^[\w.-]+$/.test(given) ? given : at.wrong({ expected: "letters, digits, '_', '.' and '-'", found: `'${given}'` })
})

const common = { label: orNull(text), required: or(boolean, false) }
const textual = { ...common, hide: or(boolean, false), default: or(text, ''), regex: orNull((value, at) => pattern(value, at).source), maxsize: orNull(wholeNumber(0)) }

/** A parameter of one type: its options, then what follows from the type. */
function parameter(type: ForceParameter['type'], shape: Shape, fixed: Partial<ForceParameter> = {}): Reader<ForceParameter> {
  return mapped(record({ name: fieldName, ...shape }, 'options of the parameter'), given => {
    const options = given as Given & { label: string | null }
    return withFullNames(forceParameter({ ...options, ...fixed, type, label: options.label ?? options.name }))
  })
}

const choices: Reader<ForceParameter> = mapped(parameter('choices', {
  ...common, hide: or(boolean, false), choices: list(text, 'a list of texts'), strict: or(boolean, true), multiple: or(boolean, false), default: or(plainData, ''),
}), (given, at) => {
  const unknown = [given.default].flat().find(item => given.strict && item !== '' && !given.choices.includes(toText(item)))
  return unknown === undefined ? given : at.at('default').wrong({ expected: `one of ${given.choices.join(', ')}`, found: `'${toText(unknown)}'` })
})

const groupName: Reader<string> = (value, at) => (value === '' ? '' : fieldName(value, at))

const nested: Reader<ForceParameter> = (value, at) => {
  const given = record({ name: groupName, label: orNull(text), fields: list(forceField, 'a list of parameters') }, 'options of the parameter')(value, at)
  return withFullNames(forceParameter({ ...given, type: 'nested', label: given.label ?? given.name }))
}

/** One field of a force scheduler's form. */
export const forceField: Reader<ForceParameter> = byKind<ForceParameter>({
  'parameter.text': parameter('text', textual),
  'parameter.textarea': parameter('text', textual, { multiline: true }),
  'parameter.username': parameter('username', textual),
  'parameter.int': parameter('int', { ...common, hide: or(boolean, false), default: or(anyWholeNumber, 0) }),
  'parameter.bool': parameter('bool', { ...common, hide: or(boolean, false), default: or(boolean, false) }),
  'parameter.fixed': parameter('fixed', { ...common, default: plainData }, { hide: true }),
  'parameter.choices': choices,
  'parameter.nested': nested,
}, 'a parameter: util.stringParameter(…) and so on')
