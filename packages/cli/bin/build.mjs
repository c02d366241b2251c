// Transpiles src/**/*.ts of every package and service to dist/**/*.js. No bundling: each package resolves its own
// dependencies, threads find their entry file, and the whole repository takes less than a second.
import { build } from 'esbuild'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')

function sources(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') && !entry.name.endsWith('.d.ts'))
    .map(entry => join(entry.parentPath, entry.name))
}

/** A file that was renamed must not live on in dist. */
function removeStale(folder, expected) {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && /\.js(\.map)?$/.test(file) && !expected.has(file.replace(/\.map$/, ''))) rmSync(file)
  }
}

export async function buildAll() {
  // The set-up's stamp vouches for what dist was made from; it writes a new one when it did the building.
  rmSync(join(root, 'node_modules/.yardmaster/code'), { force: true })
  const units = ['packages', 'services'].flatMap(group => readdirSync(join(root, group)).map(name => join(root, group, name)))
  await Promise.all(units.filter(unit => !existsSync(join(unit, 'index.html'))).map(async unit => {
    const source = join(unit, 'src')
    const entryPoints = sources(source)
    if (entryPoints.length === 0) return
    removeStale(join(unit, 'dist'), new Set(entryPoints.map(file => join(unit, 'dist', relative(source, file)).replace(/\.ts$/, '.js'))))
    await build({ entryPoints, outdir: join(unit, 'dist'), outbase: source, bundle: false, format: 'esm', platform: 'node', target: 'node20', sourcemap: 'linked', logLevel: 'error' })
  }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll()
