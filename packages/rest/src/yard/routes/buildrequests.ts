import { z } from 'zod'
import { route, rowId } from '../route.js'
import { cancelledAnswer, cancelRequestBody, priorityRequest, waitingRequestAnswer, waitingRequestsAnswer } from '../waiting-request.js'

const params = z.object({ buildrequest: rowId })

export const buildrequestRoutes = {
  waiting: route({
    name: 'listWaitingRequests', path: '/queue', tag: 'builds', summary: 'Pending build requests that were passed over, and why',
    description: 'The most urgent first, at most 1,000: those of which it is known what they wait for.', answer: waitingRequestsAnswer,
  }),
  one: route({ name: 'getWaitingRequest', path: '/buildrequests/{buildrequest}', tag: 'builds', summary: 'A pending build request', params, answer: waitingRequestAnswer }),
  setPriority: route({
    name: 'setPriority', method: 'post', path: '/buildrequests/{buildrequest}/priority', tag: 'builds', summary: "Moves a pending build request in its builder's queue",
    description: 'The higher is first.', params, body: priorityRequest, answer: waitingRequestAnswer, action: { thing: 'build_requests', action: 'set_priority' },
  }),
  release: route({
    name: 'releaseRequest', method: 'post', path: '/buildrequests/{buildrequest}/release', tag: 'builds', summary: 'Lets a build request that is held be built',
    params, answer: waitingRequestAnswer, errors: { 409: 'It is not held.' }, action: { thing: 'build_requests', action: 'release' },
  }),
  cancel: route({
    name: 'cancelRequest', method: 'post', path: '/buildrequests/{buildrequest}/cancel', tag: 'builds', summary: 'Cancels a build request',
    description: 'Ends it if it waits, stops its build if it has one.', params, body: cancelRequestBody, answer: cancelledAnswer, errors: { 409: 'It is not there, or has ended.' },
    action: { thing: 'build_requests', action: 'cancel' },
  }),
  cancelBuildset: route({
    name: 'cancelBuildset', method: 'post', path: '/buildsets/{buildset}/cancel', tag: 'builds', summary: 'Cancels all build requests of a buildset', params: z.object({ buildset: rowId }),
    body: cancelRequestBody, answer: cancelledAnswer, action: { thing: 'buildsets', action: 'cancel' },
  }),
}
