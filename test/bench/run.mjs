// npm run bench: what Yardmaster achieves on this machine, beside its budgets. Plain Node: sets the clone up as npm test does, then
// bundles the bench (its own processes are programs of their own) out of the source tree and runs it.
import { build } from 'esbuild'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setUpOrExit } from '../../packages/cli/bin/setup.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const outdir = join(here, '../../node_modules/.cache/yardmaster-bench')

/** `import.meta.dirname` still names the source's folder: test/kit finds the repository by it. `import.meta.url` names the bundle's. */
const sourceFolders = {
  name: 'source folders',
  setup: ({ onLoad }) => onLoad({ filter: /[\\/]test[\\/].*\.ts$/ }, ({ path }) => ({
    loader: 'ts', contents: readFileSync(path, 'utf8').replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
  })),
}

await setUpOrExit()
await build({
  entryPoints: ['main', 'stub-workers', 'rest-probe', 'load-client'].map(name => join(here, `${name}.ts`)), outdir,
  bundle: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20', sourcemap: 'linked', logLevel: 'error', plugins: [sourceFolders],
})
await import(pathToFileURL(join(outdir, 'main.js')).href)
