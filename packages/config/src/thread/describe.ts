import type { Json } from '@yardmaster/domain'
import { isDeclared } from '../vocabulary/declare.js'
import { isFunction, Plain, segment } from './plain.js'
import type { UserFunction } from './plain.js'

/** The configuration as data, and the functions in it by their address. */
export type Description = { tree: Json; functions: Map<string, UserFunction> }

/** Lists whose items are known by name in addresses, so that adding one does not readdress the others. */
const byName = ['builders', 'schedulers', 'changeSources', 'workers', 'projects', 'services']

/**
 * Describes what a configuration module exports. The same bundle gives the same addresses in every process:
 * they are made of names and of places in the lists after flattening, e.g. `builders.hello.steps.2.command`.
 */
export function describe(exported: unknown): Description {
  const plain = new Plain()
  if (typeof exported !== 'object' || exported === null) return { tree: plain.of(exported ?? null, ''), functions: plain.functions }
  const declared = isDeclared(exported) && exported.kind === 'config'
  const options: unknown = declared ? exported.options : exported
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return { tree: plain.of(options ?? null, ''), functions: plain.functions }
  const tree: { [key: string]: Json } = {}
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    tree[key] = Array.isArray(value) ? describeList(plain, key, value) : plain.of(value, key)
  }
  return { tree: { ...plain.site(exported), ...tree }, functions: plain.functions }
}

function flatten<T>(list: readonly T[]): T[] {
  const flat: T[] = list.flat(Infinity) as T[]
  return flat.filter(item => item !== null && item !== undefined && item !== false && item !== '')
}

function describeList(plain: Plain, key: string, list: unknown[]): Json[] {
  const taken = new Set<string>()
  return flatten(list).map((item, index) => {
    const name = byName.includes(key) ? nameOf(item) : undefined
    const address = name === undefined || taken.has(name) ? `#${index}` : segment(name)
    taken.add(address)
    return key === 'builders' ? describeBuilder(plain, item, `builders.${address}`) : withBuilders(plain.of(item, `${key}.${address}`))
  })
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const options: unknown = isDeclared(item) ? item.options : item
  return typeof options === 'object' && options !== null && 'name' in options && typeof options.name === 'string' ? options.name : undefined
}

/** A scheduler's list of builders may be nested too. */
function withBuilders(described: Json): Json {
  if (described === null || typeof described !== 'object' || Array.isArray(described) || !Array.isArray(described['builders'])) return described
  return { ...described, builders: flatten(described['builders']) }
}

function describeBuilder(plain: Plain, item: unknown, path: string): Json {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return plain.of(item, path)
  const { steps, workers, ...rest } = item as { [key: string]: unknown }
  return {
    ...plain.entries(rest, path),
    ...(workers === undefined ? {} : { workers: plain.of(Array.isArray(workers) ? flatten(workers) : workers, `${path}.workers`) }),
    ...(steps === undefined ? {} : { steps: Array.isArray(steps) ? flatten(steps).map((step, index) => describeStep(plain, step, `${path}.steps.${index}`)) : plain.of(steps, `${path}.steps`) }),
  }
}

/** A bare function is a custom step with the function's name. */
function describeStep(plain: Plain, step: unknown, path: string): Json {
  if (!isFunction(step)) return plain.of(step, path)
  return { $kind: 'custom', ...(step.name ? { name: step.name } : {}), run: plain.functionAt(step, `${path}.run`) }
}
