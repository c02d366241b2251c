#!/usr/bin/env node
import { setUpOrExit } from './setup.mjs'

await setUpOrExit()
await import('../dist/main.js')
