import { z } from 'zod'

export const epochSeconds = z.number().meta({ id: 'EpochSeconds', description: 'Seconds since 1970, in UTC, perhaps with a fraction.', examples: [1790000000.25] })
