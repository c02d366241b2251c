/** Look-ups that begin in one turn of the event loop are one query, of at most `most` keys. A failed query fails all of them. */
export function gathered<T>(loadMany: (keys: readonly Buffer[]) => Promise<ReadonlyMap<string, T>>, most = 1_000): (key: Buffer) => Promise<T | null> {
  let open: { keys: Map<string, Buffer>; answer: Promise<ReadonlyMap<string, T>> } | null = null
  const begin = () => {
    const keys = new Map<string, Buffer>()
    const answer = Promise.resolve().then(() => {
      if (open?.keys === keys) open = null
      return loadMany([...keys.values()])
    })
    return { keys, answer }
  }
  return async key => {
    const name = key.toString('hex')
    if (!open || open.keys.size >= most) open = begin()
    open.keys.set(name, key)
    return (await open.answer).get(name) ?? null
  }
}
