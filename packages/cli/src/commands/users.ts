import { readFile } from 'node:fs/promises'
import { changedUserFile, hashPassword, parseUserFile, replaceUserFile } from '@yardmaster/runtime/passwords'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { Problem } from '../problem.js'
import { readPassword } from '../read-password.js'

type Options = { file: string }

const userName = /^[^\s:#\p{Cc}][^:\p{Cc}]{0,127}$/u

/** `yard user`: who may sign in by a password, in the file of `auth.userFile`. */
export function addUsers(program: Command, context: Context): void {
  const users = program.command('user').description('names and passwords in the file of auth.userFile: add, passwd, remove, list; ui-api takes changes up at once')
    .addHelpText('after', '\nA password is asked for without echo, or read from standard input:\n  $ yard user add ann --file users\n  $ pass show ci/ann | yard user passwd ann --file users\n')
  const command = (name: string, description: string) => users.command(name).description(description).requiredOption('-F, --file <file>', 'the file, as auth.userFile names it')

  command('add <name>', 'lets somebody sign in').action(async (name: string, { file }: Options) => {
    if (!userName.test(name) || name.trim() !== name || name === 'anonymous') throw new Problem(`'${name}' cannot be a name: it has no colon, begins with neither # nor a space, and is not 'anonymous'`)
    const text = await textOf(file, true)
    if (isIn(text, name)) throw new Problem(`${file} has '${name}' already: yard user passwd ${name} sets another password`)
    await change(context, file, changedUserFile(text, name, hashed(await readPassword(name))))
    context.print(`${name} may sign in`)
  })
  command('passwd <name>', 'sets another password, and ends the sessions that began with the old one').action(async (name: string, { file }: Options) => {
    const text = await textOf(file)
    if (!isIn(text, name)) throw new Problem(`${file} has no '${name}': yard user add ${name}`)
    await change(context, file, changedUserFile(text, name, hashed(await readPassword(name))))
    context.print(`${name} has a new password`)
  })
  command('remove <name>', 'lets somebody sign in no more, and ends his sessions').action(async (name: string, { file }: Options) => {
    const changed = changedUserFile(await textOf(file), name, null)
    if (changed === null) throw new Problem(`${file} has no '${name}'`)
    await change(context, file, changed)
    context.print(`${name} may not sign in any more`)
  })
  command('list', 'who may sign in').action(async ({ file }: Options) => {
    const { users: all, unusable } = parseUserFile(await textOf(file))
    for (const name of all.keys()) context.print(name)
    for (const problem of unusable) context.warn(`${file}: ${problem}`)
  })
}

const isIn = (text: string, name: string) => text.split(/\r?\n/).some(line => line.startsWith(`${name}:`))

/** Throws Problem. */
async function textOf(file: string, maybeNew = false): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' && maybeNew) return ''
    throw new Problem(`cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file; yard user add makes it' : String(error)}`)
  }
}

function hashed(password: string): string {
  try {
    return hashPassword(password)
  } catch (error) {
    if (error instanceof RangeError) throw new Problem(`${error.message}: nothing was changed`)
    throw error
  }
}

async function change({ random }: Context, file: string, text: string | null): Promise<void> {
  try {
    await replaceUserFile(file, text ?? '', random.uuid())
  } catch (error) {
    throw new Problem(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
