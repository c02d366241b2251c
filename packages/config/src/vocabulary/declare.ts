/** Something that the configuration says by calling the vocabulary, with where it was called. */
export type Declared<Kind extends string, Options> = { readonly kind: Kind; readonly options: Options }

const stacks = new WeakMap<object, string>()
const declarations = new WeakSet<object>()
const renderables = new WeakSet<object>()

/** Remembers the caller's stack, so that a problem with these options can be shown at the line that gave them. */
export function declare<Kind extends string, Options>(kind: Kind, options: Options): Declared<Kind, Options> {
  const declared = { kind, options }
  declarations.add(declared)
  stacks.set(declared, new Error('call').stack ?? '')
  return declared
}

export function isDeclared(value: object): value is Declared<string, unknown> {
  return declarations.has(value)
}

/** The stack of the call that declared it. */
export function stackOf(declared: object): string | undefined {
  return stacks.get(declared)
}

/**
 * Marks what `util` made. Only a marked object may stand for a secret or an interpolation in a function's answer: a property's value
 * that merely looks like one comes from whoever forced the build.
 */
export function renderable<T extends object>(value: T): T {
  renderables.add(value)
  stacks.set(value, new Error('call').stack ?? '')
  return value
}

export function isRenderable(value: object): boolean {
  return renderables.has(value)
}
