import type { ForceParameter } from '@yardmaster/domain'
import type { ForceField } from '@yardmaster/rest'

/** As Buildbot's form builder wants it: `fixed` and `bool` speak for themselves, texts have sizes, groups have fields. */
export function forceField(parameter: ForceParameter): ForceField {
  const { name, fullName, label, tablabel, required, multiple, regex, hide, maxsize, autopopulate, tooltip, problem, choicesFn, defaultFn, dependsOn } = parameter
  const common = {
    name, fullName, label, tablabel, default: parameter.default, required, multiple, regex, hide, maxsize, autopopulate, tooltip,
    ...(problem === null ? {} : { problem }), ...(choicesFn ?? defaultFn ?? (parameter.type === 'worker' || null) ? { asked: true, depends_on: dependsOn } : {}),
  }
  const size = parameter.size ?? 10
  switch (parameter.type) {
    case 'text': return parameter.multiline ? { ...common, type: 'textarea', size, cols: parameter.cols ?? 80, rows: parameter.rows ?? 20 } : { ...common, type: 'text', size }
    case 'int': return { ...common, type: 'int', size }
    case 'username': return { ...common, type: 'username', size: parameter.size ?? 30, need_email: parameter.needEmail }
    case 'choices': case 'worker': case 'inherit': return { ...common, type: 'list', choices: parameter.choices, strict: parameter.strict }
    case 'nested': case 'any': case 'codebase': case 'patch': return { ...common, type: 'nested', ...grouping(parameter) }
    case 'bool': case 'fixed': case 'file': return { ...common, type: parameter.type }
  }
}

function grouping({ layout, columns, fields, codebase }: ForceParameter): Partial<ForceField> {
  return { layout, columns: columns ?? (fields.filter(field => !field.hide).length >= 4 ? 2 : 1), fields: fields.map(forceField), ...(codebase === null ? {} : { codebase }) }
}
