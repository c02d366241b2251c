/** A builder's name as the name of its folder, the same folder that Buildbot gives it (safeTranslate). */
export function safeName(name: string): string {
  return name.replace(/[\t !#$%&'()*+,./:;<=>?@[\\\]^{|}~]/g, '_')
}
