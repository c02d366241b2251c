/** What a test waits for. In a file of its own because each test file loads it at its start. */
export type Wait = { what: string; shown: string }

export const openWaits = new Set<Wait>()
