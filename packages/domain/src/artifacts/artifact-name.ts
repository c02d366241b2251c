const LONGEST = 1024

/** Why this cannot be the name of an artifact, a relative path; null: it can. */
export function artifactNameProblem(name: string): string | null {
  if (name === '' || name.length > LONGEST) return `it must have 1 to ${LONGEST} characters`
  if (/\p{Cc}/u.test(name)) return 'it must have no control characters'
  if (name.includes('\\')) return 'its folders are separated by /'
  return name.split('/').some(part => part === '' || part === '.' || part === '..') ? "it must be a relative path without empty parts, '.' and '..'" : null
}

/** Where an artifact is downloaded, below the public address. */
export const artifactPath = (buildId: number, name: string): string => `api/yard/v1/builds/${buildId}/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`
