/** Simulated servers of others' APIs, for tests. */
export { ApiServer, type ApiRequest } from './api-server.js'
export { DockerEngine } from './docker-engine.js'
export { KubernetesApi } from './kubernetes-api.js'
