import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { conflict, invalid, notFound } from '../api-error.js'
import { recordedCopy } from '../catalogue/recorded-times.js'
import { oneOf, requiredText, text, unwrap } from '../fields.js'
import { uuidOf } from '../seeded-random.js'
import type { Storage, World } from '../world.js'
import { storageFor } from './access.js'
import { created, ok, param, type Answer, type Call } from './call.js'
import { isoTime } from './views.js'

/** What an image of a URL is taken to weigh: nothing is fetched. */
const imageBytes = 120_586_240

/** To where an image is uploaded, without credentials: its session is one. */
export const uploads = /^\/uploader\/session\/([0-9a-f-]{36})$/

const storage = (call: Call): Storage => storageFor(call.world, call.account, param(call, 'uuid'))
const digest = (algorithm: string, of: string) => createHash(algorithm).update(of).digest('hex')
const copied = (world: World) => world.clock.now() + recordedCopy * 1000 * world.timeScale

function view({ world, origin }: Call, one: Storage) {
  const { imported } = one
  if (!imported) throw notFound('storage import', one.uuid)
  const { uuid, location, startedAt, completesAt } = imported
  const completed = completesAt !== null && world.clock.now() >= completesAt
  const read = completed || (location === null && completesAt !== null)
  const bytes = read ? imported.bytes : 0
  return {
    storage_import: {
      client_content_length: bytes, client_content_type: completed ? 'application/octet-stream' : '', completed: completed ? isoTime(completesAt) : '', created: isoTime(startedAt),
      ...(location === null ? { direct_upload_url: `${origin}/uploader/session/${uuid}` } : {}),
      error_code: '', error_message: '', md5sum: completed ? imported.md5 : '', read_bytes: bytes, sha256sum: completed ? imported.sha256 : '',
      ...(location === null ? { source: 'direct_upload' } : { source: 'http_import', source_location: location }),
      state: completed ? 'completed' : read ? 'importing' : 'prepared', uuid, written_bytes: bytes,
    },
  }
}

/** The disk is then one that boots, with a system that runs user_data. */
export function importStorage(call: Call): Answer {
  const { world } = call
  const one = storage(call)
  const fields = unwrap(call.body, 'storage_import', ['source', 'source_location'])
  const direct = oneOf(fields, 'source', ['http_import', 'direct_upload']) === 'direct_upload'
  if (one.type !== 'normal') throw conflict('STORAGE_TYPE_ILLEGAL', `The storage ${one.uuid} is not a disk.`)
  const location = direct ? null : requiredText(fields, 'source_location', 2048)
  if (location !== null && !/^https?:\/\//.test(location)) throw invalid('SOURCE_LOCATION_INVALID', `'${text(fields, 'source_location') ?? ''}' is no URL.`)
  one.imported = {
    uuid: uuidOf('import', world.random), location, startedAt: world.clock.now(), completesAt: direct ? null : copied(world),
    bytes: imageBytes, md5: digest('md5', location ?? ''), sha256: digest('sha256', location ?? ''),
  }
  one.image = { templateType: 'cloud-init', title: one.title }
  return created(view(call, one))
}

export const getImport = (call: Call): Answer => ok(view(call, storage(call)))

/** Takes an image that is uploaded, and keeps what it weighs. */
export async function takeUpload(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const session = uploads.exec(request.url ?? '')?.[1]
  const imported = [...world.storages.values()].find(one => one.imported?.uuid === session)?.imported
  if (!imported || imported.completesAt !== null || request.method !== 'PUT') {
    response.writeHead(404, { Connection: 'close' }).end()
    return
  }
  const [md5, sha256] = [createHash('md5'), createHash('sha256')]
  let bytes = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    bytes += part.length
    md5.update(part)
    sha256.update(part)
  }
  Object.assign(imported, { bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex'), completesAt: copied(world) })
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ written_bytes: bytes, md5sum: imported.md5, sha256sum: imported.sha256 }))
}
