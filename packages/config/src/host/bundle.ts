import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { build, stop } from 'esbuild'
import type { Plugin } from 'esbuild'
import * as vocabulary from '../index.js'
import { vocabularyKey } from '../thread/vocabulary-key.js'

/** A configuration with all that it imports, as one module that any process can run. */
export type Bundle = {
  /** An ES module with its source map inside; the vocabulary is not in it. */
  code: string
  /** sha256 of the code, the same for the same files in whatever folder. */
  digest: string
  /** What went into it, relative to the configuration's folder. */
  files: string[]
}

const textFiles = ['.txt', '.yaml', '.yml', '.sh', '.bash', '.toml', '.ini', '.cfg', '.conf', '.md', '.xml', '.sql', '.py', '.pem', '.tmpl', '.patch', '.diff', '.bat', '.ps1']

/** The configuration's `@yardmaster/config` is the thread's own, wherever on disk the configuration is and whatever is installed there. */
const ownVocabulary: Plugin = {
  name: 'vocabulary',
  setup(builder) {
    const names = Object.keys(vocabulary).sort()
    builder.onResolve({ filter: /^@yardmaster\/config$/ }, () => ({ path: '@yardmaster/config', namespace: 'yardmaster' }))
    builder.onLoad({ filter: /.*/, namespace: 'yardmaster' }, () => ({
      contents: `const { ${names.join(', ')} } = globalThis[Symbol.for('${vocabularyKey}')]\nexport { ${names.join(', ')} }`,
      loader: 'js',
    }))
  },
}

/**
 * Bundles a configuration file. Throws esbuild's BuildFailure, with every syntax error and every import that leads nowhere.
 * CommonJS packages may require Node's own modules and nothing else that is not bundled.
 */
export async function bundleConfiguration(file: string): Promise<Bundle> {
  // Kubernetes mounts a file as a link into a folder named by the time: the digest must not see it.
  const absolute = realpathSync(resolve(file))
  const result = await thenStop(() => build({
    absWorkingDir: dirname(absolute),
    entryPoints: [`./${basename(absolute)}`],
    outfile: join(dirname(absolute), 'yard.config.bundle.mjs'),
    bundle: true, metafile: true, write: false, format: 'esm', platform: 'node', target: 'node20', keepNames: true, charset: 'utf8',
    sourcemap: 'inline', logLevel: 'silent', logLimit: 0,
    loader: Object.fromEntries(textFiles.map(extension => [extension, 'text'])),
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire('/');" },
    plugins: [ownVocabulary],
  }))
  const code = result.outputFiles[0]?.text ?? ''
  const files = Object.keys(result.metafile.inputs).filter(input => !input.startsWith('yardmaster:')).sort()
  return { code, digest: createHash('sha256').update(code).digest('hex'), files }
}

let building = 0

/** esbuild keeps a process of its own for the next build; a service loads its configuration rarely, so it goes when nobody builds. */
async function thenStop<T>(work: () => Promise<T>): Promise<T> {
  building++
  try {
    return await work()
  } finally {
    if (--building === 0) await stop()
  }
}
