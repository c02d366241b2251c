import type { Endpoint } from './endpoint.js'

/** How Buildbot writes the variable parts of a path (n: number, i: identifier, s: any text), where it is not `n:` and our name of it. */
const written: { readonly [param: string]: readonly string[] } = {
  builder: ['n:builderid', 's:buildername'], worker: ['n:workerid', 'i:name'], project: ['n:projectid', 'i:projectname'], number: ['n:build_number'],
  step: ['i:step_name', 'n:step_number'], slug: ['i:log_slug'], scheduler: ['i:schedulername'], name: ['i:name'], codebasename: ['i:codebasename'],
  revision: ['s:revision'], setid: ['n:test_result_setid'],
}

/** Two paths of which Buildbot's description does not say what the variable part is. */
const untyped: { readonly [path: string]: readonly string[] } = {
  '/builders/:builder/forceschedulers': ['builders/:builderid/forceschedulers'],
  '/buildsets/:bsid/sourcestamps': ['buildsets/:buildsetid/sourcestamps'],
}

/** All patterns that Buildbot's `application.spec` has for this path. */
export function patternsOf({ path }: Pick<Endpoint, 'path'>): readonly string[] {
  return untyped[path] ?? path.slice(1).split('/').reduce<string[]>((begun, part) => {
    const forms = part.startsWith(':') ? written[part.slice(1)] ?? [`n:${part.slice(1)}`] : [part]
    return begun.flatMap(front => forms.map(form => (front === '' ? form : `${front}/${form}`)))
  }, [''])
}
