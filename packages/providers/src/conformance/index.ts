export { checkProvider, conformance, type Subject } from './conformance.js'
