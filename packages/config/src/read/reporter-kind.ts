import type { GeneratorConfig } from '@yardmaster/domain'
import type { Place, Shape } from './reader.js'

/** How one kind of reporter is read. */
export type ReporterKindReader = {
  /** What is said besides name, generators, onUnknown and deadline. What the driver renders, and functions that it calls. */
  options: Shape
  /** What it tells of where nothing is said. */
  generators: GeneratorConfig[] | ((given: { [option: string]: unknown }) => GeneratorConfig[])
  /** After a message of which nobody knows whether it arrived, where nothing is said. */
  onUnknown: 'stop' | 'retry'
  /** Its name where none is said: unique by what tells reporters of this kind apart. */
  nameOf: (given: { [option: string]: unknown }) => string
  /** Sees all options together: contradictions, and secrets that are written in the configuration. It may fill in what others decide. */
  rules?: (given: { [option: string]: unknown }, at: Place) => void
}

/** For `nameOf`: a plain text of the options, without what may be a password in a URL. */
export const plainOption = (value: unknown): string => (typeof value === 'string' ? value.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/, '') : '')

/** A secret that is written in the configuration is told of, and taken. */
export function warnOfPlainSecret(value: unknown, at: Place): void {
  if (typeof value === 'string') at.warn('is written in the configuration, which many can read: util.secret(name) takes it from where secrets are')
}
