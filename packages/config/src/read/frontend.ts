import { frontendDefaults, type FrontendConfig } from '@yardmaster/domain'
import { name, oneOf, plainData } from './leaves.js'
import { leaf, list, mapOf, or, orNull, type Reader } from './reader.js'

const expected = "a plugin's options: true, a record or a list"
const options = mapOf(plainData, expected)
const optionsInOrder = list(plainData, expected)
const plugin: Reader<FrontendConfig['plugins'][string]> = (value, at) => (value === true ? {} : Array.isArray(value) ? optionsInOrder(value, at) : options(value, at))
const version = leaf("a name and a version, e.g. ['GCC', '14.2']", (value): [string, string] | undefined => {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [of, is] = value
  return typeof of === 'string' && typeof is === 'string' ? [of, is] : undefined
})

/** Of `www`: what Buildbot's own page is told. */
export const frontend = {
  plugins: or(mapOf(plugin, 'plugins: a record'), frontendDefaults.plugins),
  uiDefaultConfig: or(mapOf(plainData, 'settings: a record'), frontendDefaults.uiDefaultConfig),
  avatarMethods: or(list(oneOf('initials', 'gravatar'), 'a list of ways to picture people'), frontendDefaults.avatarMethods),
  defaultPage: or(orNull(name), frontendDefaults.defaultPage),
  versions: or(list(version, 'a list of names with versions'), frontendDefaults.versions),
} satisfies { [K in keyof FrontendConfig]: Reader<FrontendConfig[K]> }
