import type { GeneratorConfig, Report } from '@yardmaster/domain'
import { cut, oneLine } from '../formatting/story.js'
import type { MailPayload } from './mail-payload.js'

type Attachments = MailPayload['attachments']

/** Of all attachments together, in characters: a mail that nobody's server takes is no use. */
const mostInAll = 1_000_000

/** Logs (those whose builds are several: with their builder) and patches, where the generator asks for them. What does not fit is cut at its beginning. */
export function attachmentsOf({ logs, sourcestamps }: Report, { addLogs, addPatch }: GeneratorConfig): Attachments {
  const patches = addPatch ? sourcestamps.flatMap(({ patch }) => (patch && 'body' in patch ? [patch.body] : [])) : []
  const wanted: Attachments = [
    ...patches.map((content, index) => ({ filename: `source patch ${index}`, content })),
    ...(addLogs === false ? [] : Object.entries(logs).map(([name, content]) => ({ filename: `${cut(oneLine(name).replaceAll(/[/\\]/g, '_'), 150)}.txt`, content }))),
  ]
  let left = mostInAll
  return wanted.flatMap(({ filename, content }) => {
    const fitting = content.length <= left ? content : content.slice(content.length - left)
    left -= fitting.length
    return fitting === '' ? [] : [{ filename, content: fitting }]
  })
}
