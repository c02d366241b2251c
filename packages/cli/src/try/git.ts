import { execFile } from 'node:child_process'
import { errorCode, Problem } from '../problem.js'

export type Git = {
  /** What it prints; throws Problem with git's own words when it fails. */
  run(args: string[], more?: GitMore): Promise<Buffer>
  /** Its first line; null when it fails or says nothing. */
  line(args: string[]): Promise<string | null>
}
type GitMore = { env?: NodeJS.ProcessEnv; stdin?: string }

const LARGEST = 256 * 1024 * 1024

/** git in a folder: in words that do not depend on the user's language, and never asking or writing what is not needed. */
export function gitIn(folder: string, env: NodeJS.ProcessEnv): Git {
  const run = (args: string[], { env: more = {}, stdin }: GitMore = {}): Promise<Buffer> => new Promise((resolve, reject) => {
    const child = execFile('git', args, { cwd: folder, env: { ...env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', ...more }, encoding: 'buffer', maxBuffer: LARGEST }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const said = stderr.toString().trim()
      reject(new Problem(errorCode(error) === 'ENOENT' ? `git is not installed, or there is no folder ${folder}` : `git ${args[0] ?? ''} failed in ${folder}: ${said || error.message}`, { cause: error }))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(stdin ?? '')
  })
  return {
    run,
    line: args => run(args).then(output => output.toString().split('\n')[0]?.trim() || null, () => null),
  }
}
