/** Simulated servers of others' APIs, for tests. */
export { ApiServer, type ApiRequest } from './api-server.js'
