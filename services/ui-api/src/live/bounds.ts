/** What one connection may listen to. Paths of events are short; who asks for more keeps memory, and nothing else. */
export const mostPaths = 10_000
const longestPath = 256

export const mayBePath = (path: string): boolean => path.length <= longestPath
