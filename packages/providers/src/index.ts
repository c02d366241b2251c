export { customProvider } from './custom/custom-provider.js'
export { openProvider, type ProviderDeps } from './open-provider.js'
export { ProviderError } from './provider-error.js'
