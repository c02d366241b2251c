import ts from 'typescript'

/** A use of the machine's time or chance: what, and the line it is on (from 1). */
export type Finding = { what: string; line: number }

const timers = new Set(['setTimeout', 'setInterval'])
const globalObjects = new Set(['globalThis', 'window', 'self', 'global'])
/** Member names that mean time or chance whatever the object is called. */
const tellingMembers = new Set(['randomUUID', 'getRandomValues', 'hrtime'])
const modules = new Set(['node:timers', 'timers', 'node:timers/promises', 'timers/promises', 'node:perf_hooks', 'perf_hooks'])
const importedNames = new Set(['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'webcrypto', 'systemClock', 'systemRandom'])
const memberPairs = new Set(['Math.random', 'AbortSignal.timeout', 'process.uptime', 'Date.now'])
const harmlessDateMembers = new Set(['UTC', 'parse'])

/**
 * Every place where the code asks the machine for the time or for chance, found in the syntax tree: words in comments, strings,
 * type positions and members of other objects (`clock.setTimeout`) do not count.
 */
export function findTimeAndChance(fileName: string, text: string): Finding[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true, fileName.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS)
  const findings: Finding[] = []
  const visit = (node: ts.Node): void => {
    const what = nameOf(node)
    if (what !== null) findings.push({ what, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 })
    ts.forEachChild(node, visit)
  }
  visit(source)
  return findings
}

function nameOf(node: ts.Node): string | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) return modules.has(node.moduleSpecifier.text) ? `import of ${node.moduleSpecifier.text}` : null
  if (ts.isImportSpecifier(node)) return importedName(node)
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return memberName(node)
  if (ts.isIdentifier(node)) return globalName(node)
  return null
}

function importedName(node: ts.ImportSpecifier): string | null {
  const { text } = node.propertyName ?? node.name
  return importedNames.has(text) && !node.isTypeOnly && !node.parent.parent.isTypeOnly ? `import of ${text}` : null
}

function memberName(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string | null {
  const member = ts.isPropertyAccessExpression(node) ? node.name.text : ts.isStringLiteral(node.argumentExpression) ? node.argumentExpression.text : ''
  const object = ts.isIdentifier(node.expression) ? node.expression.text : ''
  if (tellingMembers.has(member)) return `${object}.${member}`
  // Date has a finding of its own: every use of the identifier is judged.
  if (memberPairs.has(`${object}.${member}`) && object !== 'Date') return `${object}.${member}`
  return globalObjects.has(object) && (timers.has(member) || member === 'Date' || member === 'performance') ? `${object}.${member}` : null
}

function globalName(node: ts.Identifier): string | null {
  if (!isValueUse(node)) return null
  if (timers.has(node.text) || node.text === 'performance') return node.text
  if (node.text === 'Date') return dateUse(node)
  return node.text === 'Math' && !isMemberObject(node) ? 'Math as a value' : null
}

/** `new Date(x)`, `Date.UTC`, `Date.parse` and `instanceof Date` calculate; everything else may ask for the time. */
function dateUse(node: ts.Identifier): string | null {
  const { parent } = node
  if (ts.isNewExpression(parent) && parent.expression === node) return parent.arguments !== undefined && parent.arguments.length > 0 ? null : 'new Date()'
  if (ts.isPropertyAccessExpression(parent)) return harmlessDateMembers.has(parent.name.text) ? null : `Date.${parent.name.text}`
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) return null
  return 'Date as a value'
}

const isMemberObject = (node: ts.Identifier) =>
  (ts.isPropertyAccessExpression(node.parent) || ts.isElementAccessExpression(node.parent)) && node.parent.expression === node

/** Not a member's name, a declaration's name, a label or a type. */
function isValueUse(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return !(ts.isPropertyAccessExpression(parent) ? parent.name === node : true)
  if (ts.isTypeNode(parent) || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isImportClause(parent)) return false
  return !('name' in parent && parent.name === node) && !(ts.isBindingElement(parent) && parent.propertyName === node)
}
