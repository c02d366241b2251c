import { buildDataEndpoints } from './build-data.js'
import { builderEndpoints } from './builders.js'
import { buildrequestEndpoints } from './buildrequests.js'
import { buildEndpoints } from './builds.js'
import { buildsetEndpoints } from './buildsets.js'
import { changeEndpoints } from './changes.js'
import { changesourceEndpoints } from './changesources.js'
import { codebaseEndpoints } from './codebases.js'
import type { Endpoint } from './endpoint.js'
import { forceschedulerEndpoints } from './forceschedulers.js'
import { logchunkEndpoints } from './logchunks.js'
import { logEndpoints } from './logs.js'
import { masterEndpoints } from './masters.js'
import { projectEndpoints } from './projects.js'
import { propertyEndpoints } from './properties.js'
import { rootEndpoints } from './root.js'
import { schedulerEndpoints } from './schedulers.js'
import { sourcestampEndpoints } from './sourcestamps.js'
import { stepEndpoints } from './steps.js'
import { testResultEndpoints } from './test-results.js'
import { workerEndpoints } from './workers.js'

const resources: readonly Endpoint[] = [
  ...masterEndpoints, ...builderEndpoints, ...workerEndpoints, ...changeEndpoints, ...sourcestampEndpoints, ...buildsetEndpoints,
  ...buildrequestEndpoints, ...buildEndpoints, ...stepEndpoints, ...logEndpoints, ...logchunkEndpoints, ...propertyEndpoints,
  ...schedulerEndpoints, ...forceschedulerEndpoints, ...changesourceEndpoints,
  ...projectEndpoints, ...codebaseEndpoints, ...buildDataEndpoints, ...testResultEndpoints,
]

export const endpoints: readonly Endpoint[] = [...rootEndpoints(resources), ...resources]
