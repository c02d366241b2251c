export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonRecord = { [key: string]: Json }

export const isRecord = (value: Json | undefined): value is JsonRecord => typeof value === 'object' && value !== null && !Array.isArray(value)
/** What is no record counts as an empty one. */
export const recordOf = (value: Json | undefined): JsonRecord => (isRecord(value) ? value : {})
