import { settingsTable, type EarlierSettings, type SettingDefinition, type SettingName, type SettingValues } from './settings-table.js'
import { maskCredentials } from './mask.js'

export type SettingOrigin = 'default' | 'environment' | 'flag'
/** Values by name (seconds, ports, absolute paths), and where each came from. */
export type Settings = SettingValues & { origins: { [Name in SettingName]: SettingOrigin } }
export type SettingFlags = { [Name in SettingName]?: string | undefined }
export type SettingDescription = { name: SettingName; env: string; flag: string; description: string; value: string; origin: SettingOrigin }

/** Thrown by `readSettings` and `requireSetting`: `problems` has a sentence per wrong setting. */
export class SettingsError extends Error {
  override name = 'SettingsError'
  constructor(readonly problems: string[]) {
    super(problems.join('\n'))
  }
}

const definitions = Object.entries(settingsTable) as [SettingName, SettingDefinition][]
export const settingNames = definitions.map(([name]) => name)

type Given = { text: string | undefined; origin: SettingOrigin }

/** An empty variable counts as unset: that is how compose files and unit files say "nothing". */
function given(name: SettingName, env: NodeJS.ProcessEnv, flags: SettingFlags): Given {
  const flag = flags[name]
  if (flag !== undefined && flag !== '') return { text: flag, origin: 'flag' }
  const text = env[settingsTable[name].env]
  return text === undefined || text === '' ? { text: undefined, origin: 'default' } : { text, origin: 'environment' }
}

function longFlag(definition: SettingDefinition): string {
  return /--[\w-]+/.exec(definition.flag)?.[0] ?? definition.flag
}

/**
 * Settings from the environment and from flags, which win. Relative paths are made absolute from the current folder.
 * Throws one `SettingsError` that tells every wrong value.
 */
export function readSettings(env: NodeJS.ProcessEnv, flags: SettingFlags = {}): Settings {
  const values: Partial<Record<SettingName, unknown>> = {}
  const origins: Partial<Record<SettingName, SettingOrigin>> = {}
  const problems: string[] = []
  for (const [name, definition] of definitions) {
    const { text, origin } = given(name, env, flags)
    origins[name] = origin
    const fallback = definition.default
    const read = definition.type.safeParse(text ?? (typeof fallback === 'function' ? fallback(earlier(values)) : fallback))
    if (read.success) values[name] = read.data
    else {
      const expected = read.error.issues.map(issue => issue.message).join(', ')
      const found = definition.secret ? maskCredentials(text ?? '') : text
      problems.push(`${origin === 'flag' ? longFlag(definition) : definition.env}: expected ${expected}, found ${JSON.stringify(found)}`)
    }
  }
  if (problems.length > 0) throw new SettingsError(problems)
  return { ...values, origins } as Settings
}

/** Only for making defaults: a value that was wrong is told anyway, so what stands in for it is never used. */
function earlier({ home, host, port }: Partial<Record<SettingName, unknown>>): EarlierSettings {
  return { home: typeof home === 'string' ? home : '', host: typeof host === 'string' ? host : '', port: typeof port === 'number' ? port : 0 }
}

/** The setting's value where it may not be missing. Throws a `SettingsError` that says how to set it. */
export function requireSetting<Name extends SettingName>(settings: Settings, name: Name): NonNullable<SettingValues[Name]> {
  const value = settings[name]
  if (value === undefined || value === null) {
    const { env, description, flag } = settingsTable[name]
    throw new SettingsError([`${env} is not set (${description}); set it, or give ${longFlag({ ...settingsTable[name], flag })}`])
  }
  return value
}

/** Every setting with its value as people may see it (credentials masked) and where it came from. */
export function describeSettings(settings: Settings): SettingDescription[] {
  return definitions.map(([name, { env, flag, description, secret }]) => {
    const value = settings[name] === undefined ? '' : String(settings[name])
    return { name, env, flag, description, value: secret ? maskCredentials(value) : value, origin: settings.origins[name] }
  })
}

/** The settings as environment of a child process, which then reads the same values. */
export function settingsToEnv(settings: Settings): { [env: string]: string } {
  return Object.fromEntries(definitions.flatMap(([name, { env }]) => (settings[name] === undefined ? [] : [[env, String(settings[name])]])))
}
