import { canStart, takesBuilds, type BuilderView, type WorkerView } from './worker-matching.js'

/** What workers can take, and what has been given to them since it was looked up. */
export class WorkerSlots {
  readonly #views = new Map<string, WorkerView>()
  /** Whose room is not used up: most workers of a busy engine have none. */
  readonly #open = new Set<string>()

  /** Builders that a worker turned out not to serve now. */
  readonly #refused = new Map<string, Set<string>>()

  constructor(views: readonly WorkerView[]) {
    for (const view of views) this.#set(view)
  }

  /** Those on which a build of the builder could start now, the least busy first; among equals in the order of the builder's list. */
  ready(builder: BuilderView): WorkerView[] {
    const found = [...this.#open].map(name => this.#views.get(name)!).filter(view => this.#fits(view, builder))
    if (found.length < 2) return found
    const place = new Map(builder.workers.map((name, index) => [name, index]))
    const placeOf = (view: WorkerView) => place.get(view.name) ?? builder.workers.length
    return found.sort((a, b) => a.building.length - b.building.length || placeOf(a) - placeOf(b))
  }

  /** Those on which one could start if these, which were taken for the builder, were given back. */
  readyWithout(builder: BuilderView, held: readonly string[]): WorkerView[] {
    for (const worker of held) this.giveBack(worker, builder)
    const found = this.ready(builder)
    for (const worker of held) this.take(worker, builder)
    return found
  }

  /** Of how many builds of the builder there is room for: each needs a worker of its own. */
  room(builder: BuilderView): number {
    let room = 0
    for (const name of this.#open) if (this.#fits(this.#views.get(name)!, builder)) room++
    return room
  }

  take(worker: string, { key, units }: Pick<BuilderView, 'key' | 'units'>): void {
    const view = this.#views.get(worker)
    if (view) this.#set({ ...view, building: [...view.building, { builder: key, units }] })
  }

  /** Undoes a `take`. */
  giveBack(worker: string, { key }: Pick<BuilderView, 'key'>): void {
    const view = this.#views.get(worker)
    if (view) this.#set({ ...view, building: view.building.filter(build => build.builder !== key) })
  }

  /** Gives it nothing more: it is not as it was when it was looked up. */
  close(worker: string): void {
    this.#open.delete(worker)
    this.#views.delete(worker)
  }

  /** Gives it no build of this builder. */
  refuse(worker: string, builderKey: string): void {
    this.#refused.set(worker, new Set([...this.#refused.get(worker) ?? [], builderKey]))
  }

  #fits(view: WorkerView, builder: BuilderView): boolean {
    return canStart(view, builder) && !this.#refused.get(view.name)?.has(builder.key)
  }

  #set(view: WorkerView): void {
    this.#views.set(view.name, view)
    if (takesBuilds(view)) this.#open.add(view.name)
    else this.#open.delete(view.name)
  }
}
