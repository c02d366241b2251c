import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const source = (name: string): string => fileURLToPath(new URL(`../${name}/src/index.ts`, import.meta.url))
const server = process.env['YARD_URL'] ?? 'http://127.0.0.1:8010'

export default defineConfig({
  // Assets are found relative to <base>, so that one build serves any base path.
  base: './',
  plugins: [react()],
  resolve: { alias: { '@yardmaster/rest': source('rest'), '@yardmaster/domain': source('domain') } },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': server, '/config.js': server, '/config.json': server, '/ws': { target: server, ws: true } } },
})
