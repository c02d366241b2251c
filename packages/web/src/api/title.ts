/** What the installation calls itself; Buildbot's settings for its page, of which we need no more. */
export const titleQuery = () => ({
  queryKey: ['title'],
  staleTime: Infinity,
  queryFn: async (): Promise<string> => {
    const response = await fetch(new URL('config.json', document.baseURI))
    const config: unknown = response.ok ? await response.json() : {}
    return typeof config === 'object' && config !== null && 'title' in config && typeof config.title === 'string' ? config.title : 'Yardmaster'
  },
})
