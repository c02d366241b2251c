import type { JsonRecord } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import { ProviderError } from '../provider-error.js'
import type { UpcloudClient } from './client.js'
import { at, numberAt, textAt } from './json-read.js'

export type Image = { id: string; title: string; /** GiB. */ size: number; /** null: a storage of the account, which says nothing of it. */ template: 'cloud-init' | 'native' | null }

const KEPT_MS = 300_000
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Finds images by UUID or title: among the templates, then among the account's own storages. */
export class Images {
  readonly #client: UpcloudClient
  readonly #clock: Clock
  readonly #kept = new Map<string, { image: Image; until: number }>()

  constructor(client: UpcloudClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** Throws a ProviderError of class `configuration` when there is none, or more than one. */
  async find(name: string, zone: string, signal: AbortSignal): Promise<Image> {
    const key = `${zone} ${name}`
    const kept = this.#kept.get(key)
    if (kept && kept.until > this.#clock.monotonic()) return kept.image
    const image = uuid.test(name) ? await this.#byId(name, signal) : await this.#byTitle(name, zone, signal)
    this.#kept.set(key, { image, until: this.#clock.monotonic() + KEPT_MS })
    return image
  }

  /** What was found may be gone. */
  forget(): void {
    this.#kept.clear()
  }

  async #byId(id: string, signal: AbortSignal): Promise<Image> {
    const storage = at(await this.#client.find(`/storage/${id}`, signal) ?? undefined, 'storage')
    if (storage === undefined) throw unknown(`there is no image ${id} that this account may see: take another`)
    return imageOf(storage as JsonRecord)
  }

  async #byTitle(title: string, zone: string, signal: AbortSignal): Promise<Image> {
    if (title === '') throw unknown("the option image is empty: name a template, such as 'Debian GNU/Linux 12 (Bookworm)'")
    const templates = await this.#client.list('/storage/template', ['storages', 'storage'], signal)
    const found = templates.filter(storage => textAt(storage, 'title') === title)
    const matches = found.length > 0 ? found : (await this.#client.list('/storage/normal', ['storages', 'storage'], signal)).filter(storage => textAt(storage, 'title') === title)
    const here = matches.length > 1 ? matches.filter(storage => [null, zone].includes(textAt(storage, 'zone'))) : matches
    const [only] = here
    if (here.length === 1 && only) return imageOf(only)
    if (matches.length === 0) throw unknown(`there is no image with the title '${title}'${nearest(title, templates)}`)
    const ids = matches.map(storage => textAt(storage, 'uuid')).join(', ')
    throw unknown(`${matches.length} images have the title '${title}' (${ids}), ${here.length === 0 ? `none of them in ${zone}` : 'so it does not say which'}: name one by its UUID`)
  }
}

const unknown = (message: string) => new ProviderError(`UpCloud: ${message}`, { failureClass: 'configuration', code: 'STORAGE_NOT_FOUND' })

function imageOf(storage: JsonRecord): Image {
  const template = textAt(storage, 'template_type')
  return {
    id: textAt(storage, 'uuid') ?? '', title: textAt(storage, 'title') ?? '', size: numberAt(storage, 'size') ?? 0,
    template: template === 'cloud-init' || template === 'native' ? template : null,
  }
}

/** Titles change with each release of a distribution: those that begin with the same word are a hint. */
function nearest(title: string, templates: JsonRecord[]): string {
  const word = title.split(' ')[0]?.toLowerCase() ?? ''
  const titles = templates.flatMap(storage => textAt(storage, 'title') ?? []).filter(other => other.toLowerCase().startsWith(word)).slice(0, 5)
  return titles.length > 0 ? `; there are ${titles.map(other => `'${other}'`).join(', ')}` : ''
}

