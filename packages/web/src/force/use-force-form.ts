import type { Json } from '@yardmaster/domain'
import type { Builder, ForceField, ForceScheduler } from '@yardmaster/rest'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useServices } from '../services.js'
import { defaultValues, leaves } from './force-values.js'
import type { ForceValues } from './force-values.js'

/** Who types is not answered after each letter. */
const pauseMs = 300

/** The form for the builder. What functions of the configuration say is asked again when a field changes on which it depends. */
export function useForceForm(builder: Builder, scheduler: ForceScheduler, given: ForceValues): { fields: readonly ForceField[]; values: ForceValues; asking: boolean } {
  const { yard } = useServices()
  const asked = leaves(scheduler.all_fields).filter(field => field.asked)
  const known = { ...defaultValues(scheduler.all_fields), ...given }
  const told = useSettled(JSON.stringify(Object.fromEntries([...new Set(asked.flatMap(field => field.depends_on ?? []))].sort().map(name => [name, known[name] ?? null]))))
  const form = useQuery({
    queryKey: ['force-form', scheduler.name, builder.builderid, told], enabled: asked.length > 0, placeholderData: keepPreviousData, staleTime: 30_000,
    queryFn: () => yard.forceForm(scheduler.name, { builderid: builder.builderid, values: JSON.parse(told) as { [field: string]: Json } }),
  })
  const fields = form.data ?? scheduler.all_fields
  return { fields, values: { ...defaultValues(fields), ...given }, asking: asked.length > 0 && form.isFetching }
}

/** The text, once it has not changed for a moment. */
function useSettled(text: string): string {
  const { clock } = useServices()
  const [settled, setSettled] = useState(text)
  useEffect(() => (text === settled ? undefined : clock.setTimeout(() => setSettled(text), pauseMs)), [clock, text, settled])
  return settled
}
