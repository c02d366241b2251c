/** Gathers the ids asked for in one turn of the event loop and loads them together, at most `most` at a time. */
export function batchLoader<T>(loadMany: (ids: number[]) => Promise<Map<number, T>>, most = 50): (id: number) => Promise<T | null> {
  let open: { ids: Set<number>; answer: Promise<Map<number, T>> } | undefined

  const begin = (): NonNullable<typeof open> => {
    const ids = new Set<number>()
    const answer = new Promise<void>(resolve => queueMicrotask(resolve)).then(() => {
      if (open?.ids === ids) open = undefined
      return loadMany([...ids])
    })
    return { ids, answer }
  }

  return async id => {
    if (!open || open.ids.size >= most) open = begin()
    open.ids.add(id)
    return (await open.answer).get(id) ?? null
  }
}
