import { createHash } from 'node:crypto'
import { conflict, invalid, notFound } from '../api-error.js'
import { recordedCopy } from '../catalogue/recorded-times.js'
import { oneOf, requiredText, text, unwrap } from '../fields.js'
import { uuidOf } from '../seeded-random.js'
import type { Storage } from '../world.js'
import { storageFor } from './access.js'
import { created, ok, param, type Answer, type Call } from './call.js'
import { isoTime } from './views.js'

/** What an image is taken to weigh: nothing is fetched. */
const imageBytes = 120_586_240

const storage = (call: Call): Storage => storageFor(call.world, call.account, param(call, 'uuid'))

function view({ world }: Call, one: Storage) {
  const { imported } = one
  if (!imported) throw notFound('storage import', one.uuid)
  const completed = world.clock.now() >= imported.completesAt
  const bytes = completed ? imageBytes : 0
  const digest = (algorithm: string) => (completed ? createHash(algorithm).update(imported.location).digest('hex') : '')
  return {
    storage_import: {
      client_content_length: bytes, client_content_type: completed ? 'application/octet-stream' : '', completed: completed ? isoTime(imported.completesAt) : '', created: isoTime(imported.startedAt),
      error_code: '', error_message: '', md5sum: digest('md5'), read_bytes: bytes, sha256sum: digest('sha256'), source: 'http_import', source_location: imported.location,
      state: completed ? 'completed' : 'prepared', uuid: imported.uuid, written_bytes: bytes,
    },
  }
}

/** Only by URL; the disk is then one that boots, with a system that runs user_data. */
export function importStorage(call: Call): Answer {
  const { world } = call
  const one = storage(call)
  const fields = unwrap(call.body, 'storage_import', ['source', 'source_location'])
  if (oneOf(fields, 'source', ['http_import', 'direct_upload']) === 'direct_upload') throw conflict('IMPORT_UNAVAILABLE', 'The simulator imports by http_import only.')
  if (one.type !== 'normal') throw conflict('STORAGE_TYPE_ILLEGAL', `The storage ${one.uuid} is not a disk.`)
  const location = requiredText(fields, 'source_location', 2048)
  if (!/^https?:\/\//.test(location)) throw invalid('SOURCE_LOCATION_INVALID', `'${text(fields, 'source_location') ?? ''}' is no URL.`)
  const now = world.clock.now()
  one.imported = { uuid: uuidOf('import', world.random), location, startedAt: now, completesAt: now + recordedCopy * 1000 * world.timeScale }
  one.image = { templateType: 'cloud-init', title: one.title }
  return created(view(call, one))
}

export const getImport = (call: Call): Answer => ok(view(call, storage(call)))
