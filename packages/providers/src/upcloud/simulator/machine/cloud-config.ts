import { parse } from 'yaml'
import { z } from 'zod'

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const command = z.union([scalar, z.array(scalar)])

/** The parts of cloud-init's language that start something; others are passed over. */
const schema = z.looseObject({
  bootcmd: z.array(command).nullish(),
  runcmd: z.array(command).nullish(),
  packages: z.array(z.union([scalar, z.array(scalar)])).nullish(),
  write_files: z.array(z.looseObject({
    path: z.string(), content: z.string().nullish(), permissions: scalar.nullish(), encoding: z.string().nullish(), append: z.boolean().nullish(), defer: z.boolean().nullish(),
  })).nullish(),
})

type WrittenFile = NonNullable<z.infer<typeof schema>['write_files']>[number]

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

const shellLine = (one: string | string[]) => (Array.isArray(one) ? one.map(quoted).join(' ') : one)

/** Base64, so that content of any kind comes through the shell as it is. */
function writeFile({ path, content, permissions, encoding, append }: WrittenFile): string[] {
  const encoded = encoding === 'b64' || encoding === 'base64' ? (content ?? '').replaceAll(/\s/g, '') : Buffer.from(content ?? '').toString('base64')
  return [
    `mkdir -p "$(dirname ${quoted(path)})"`,
    `printf %s ${quoted(encoded)} | base64 -d ${append ? '>>' : '>'}${quoted(path)}`,
    ...(permissions ? [`chmod ${quoted(permissions)} ${quoted(path)}`] : []),
  ]
}

/** A shell script that does what the document asks for, in cloud-init's order. Throws when it is not one. */
export function cloudConfigScript(document: string): string {
  const { bootcmd, write_files: files, packages, runcmd } = schema.parse(parse(document) ?? {})
  return [
    '#!/bin/sh',
    ...(bootcmd ?? []).map(shellLine),
    ...(files ?? []).filter(file => !file.defer).flatMap(writeFile),
    ...(packages?.length ? [`apt-get install -y ${packages.map(one => quoted(Array.isArray(one) ? one[0] ?? '' : one)).join(' ')}`] : []),
    ...(files ?? []).filter(file => file.defer).flatMap(writeFile),
    ...(runcmd ?? []).map(shellLine),
    '',
  ].join('\n')
}
