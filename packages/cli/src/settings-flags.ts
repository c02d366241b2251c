import { Option, type Command } from 'commander'
import { settingsTable, type SettingDescription, type SettingFlags, type SettingName } from '@yardmaster/runtime'

const names = Object.keys(settingsTable) as SettingName[]

function defaultOf(name: SettingName): string | null {
  const setting = settingsTable[name]
  return 'default' in setting && typeof setting.default === 'string' ? setting.default : null
}

/** Gives the command a flag per setting; each says its environment variable and its default. */
export function withSettings(command: Command): Command {
  for (const name of names) {
    const { flag, env, description } = settingsTable[name]
    const fallback = defaultOf(name)
    command.addOption(new Option(flag, `${description} (${env}${fallback === null ? '' : `, default ${fallback}`})`))
  }
  return command
}

/** The settings among the options that commander has read. */
export function settingFlags(options: { [option: string]: unknown }): SettingFlags {
  const given: SettingFlags = {}
  for (const name of names) {
    const value = options[name]
    if (typeof value === 'string') given[name] = value
  }
  return given
}

/** The flags as environment variables, for a program that reads its settings from there. */
export function flagsToEnv(flags: SettingFlags): { [env: string]: string } {
  return Object.fromEntries(names.flatMap(name => flags[name] === undefined ? [] : [[settingsTable[name].env, flags[name]]]))
}

/** Rows of `yard config`. */
export function settingRows(settings: SettingDescription[]): string[][] {
  return settings.map(({ env, value, origin, flag, description }) => [env, value === '' ? '-' : value, origin, flag, description])
}
