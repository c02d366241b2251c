import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { forbidden } from './import-rules.js'

/** One breach, as `rule: from -> to`. */
export type ImportReport = { modules: number; breaches: string[] }

/** Follows every import of the tree at `root` (its `packages` and `services`) and holds it against the rules. */
export async function cruiseTree(root: string): Promise<ImportReport> {
  const { output } = await cruise(['packages', 'services'], {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|generated)/|^packages/[^/]+/(bin|prisma)/|^packages/web/vite.config.ts$|^packages/db/prisma.config.ts$' },
    // Imports of types count: they are knowledge too.
    tsPreCompilationDeps: true,
  }, {
    bustTheCache: true,
    exportsFields: ['exports'],
    conditionNames: ['types', 'import', 'node', 'default'],
    extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    extensionAlias: { '.js': ['.ts', '.tsx', '.js'] },
  })
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with a text instead of a result: ${output.slice(0, 200)}`)
  return { modules: output.modules.length, breaches: [...breachesOf(output), ...deepImports(output)].sort() }
}

function breachesOf({ summary }: ICruiseResult): string[] {
  return summary.violations.map(violation => `${violation.rule.name}: ${violation.from} -> ${violation.to}`)
}

const unitOf = (path: string) => /^(?:packages|services)\/[^/]+\//.exec(path)?.[0]

/** Another package is reached by its name, so through its `exports`; never by a relative path. */
function deepImports({ modules }: ICruiseResult): string[] {
  return modules.flatMap(({ source, dependencies }) => dependencies
    .filter(({ module, resolved }) => module.startsWith('.') && unitOf(source) !== undefined && unitOf(resolved) !== undefined && unitOf(source) !== unitOf(resolved))
    .map(({ resolved }) => `other packages by name: ${source} -> ${resolved}`))
}
