import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Secrets = {
  /** The secret's text, or undefined when nobody has set it. Throws when the name cannot be a secret's name, or its file cannot be read. */
  get(name: string): string | undefined
}

const validName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** `YARD_SECRET_<NAME>` for a secret: upper case, everything but letters and digits becomes `_`. */
export function secretVariable(name: string): string {
  return `YARD_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
}

/** Secrets from the environment, else from a file of that name in `dir`. Read anew each time, so that a rotated secret is used at once. */
export function fileSecrets(dir: string, env: NodeJS.ProcessEnv): Secrets {
  return {
    get(name) {
      if (!validName.test(name)) throw new Error(`secret ${JSON.stringify(name)}: a name has letters, digits, "_", "-" and "." and does not begin with a dot`)
      const fromEnvironment = env[secretVariable(name)]
      if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment
      try {
        return readFileSync(join(dir, name), 'utf8').replace(/\r?\n$/, '')
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
        throw new Error(`secret ${JSON.stringify(name)}: cannot read ${join(dir, name)}`, { cause: error })
      }
    },
  }
}
