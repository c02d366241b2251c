import { z } from 'zod'

/** Our page's policy forbids eval: a schema that tried whether it may be compiled would be reported as a breach of it. */
export const schemaSettings = z.config('document' in globalThis ? { jitless: true } : {})
