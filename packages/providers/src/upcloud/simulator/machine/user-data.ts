import { cloudConfigScript } from './cloud-config.js'

export type UserData =
  | { kind: 'none' }
  | { kind: 'script'; script: string }
  | { kind: 'url'; url: string }
  /** What a real machine would pass over in silence. */
  | { kind: 'ignored'; reason: string }

/** What a machine's first boot makes of its user_data. */
export function readUserData(userData: string): UserData {
  if (userData.trim() === '') return { kind: 'none' }
  if (/^https?:\/\/\S+\s*$/.test(userData)) return { kind: 'url', url: userData.trim() }
  if (userData.startsWith('#!')) return { kind: 'script', script: userData }
  if (userData.startsWith('#cloud-config')) {
    try {
      return { kind: 'script', script: cloudConfigScript(userData) }
    } catch (error) {
      return { kind: 'ignored', reason: `#cloud-config: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
  return { kind: 'ignored', reason: 'it begins neither with #! nor with #cloud-config, and is no URL' }
}
