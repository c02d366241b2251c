import type { Json } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'

type ParameterOptions<Value> = {
  /** The property that it sets. */
  name: string
  label?: string
  default?: Value
  required?: boolean
  hide?: boolean
}
type TextParameterOptions = ParameterOptions<string> & {
  /** The value must match it from its start. */
  regex?: RegExp | string
  /** Characters. */
  maxsize?: number
}
type ChoiceParameterOptions = ParameterOptions<string | string[]> & {
  choices: string[]
  /** Only these choices (true unless said otherwise). */
  strict?: boolean
  multiple?: boolean
}

/** One field of a force scheduler's form. Parameters named reason, username and priority take the place of the usual ones. */
export type ForceParameterDeclaration = Declared<`parameter.${string}`, object>

export const parameters = {
  stringParameter: (options: TextParameterOptions): ForceParameterDeclaration => declare('parameter.text', options),
  /** Several lines. */
  textParameter: (options: TextParameterOptions): ForceParameterDeclaration => declare('parameter.textarea', options),
  intParameter: (options: ParameterOptions<number>): ForceParameterDeclaration => declare('parameter.int', options),
  booleanParameter: (options: ParameterOptions<boolean>): ForceParameterDeclaration => declare('parameter.bool', options),
  choiceStringParameter: (options: ChoiceParameterOptions): ForceParameterDeclaration => declare('parameter.choices', options),
  /** A value that nobody can change. */
  fixedParameter: (options: ParameterOptions<Json> & { default: Json }): ForceParameterDeclaration => declare('parameter.fixed', options),
  userNameParameter: (options: TextParameterOptions): ForceParameterDeclaration => declare('parameter.username', options),
  /** A group: one property that holds them all, or, with the name '', each its own. */
  nestedParameter: (options: { name: string; label?: string; fields: ForceParameterDeclaration[] }): ForceParameterDeclaration =>
    declare('parameter.nested', options),
}
