export type Instruction = { name: string; text: string }
export type Stage = { name: string; from: string; instructions: Instruction[] }

/** The stages of a Dockerfile in order; continued lines are joined, comments dropped. Throws on an instruction before the first FROM. */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = []
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n/g, ' ').split('\n').map(line => line.trim()).filter(line => line !== '')
  for (const line of lines) {
    const [name = '', ...rest] = line.split(/\s+/)
    if (name === 'FROM') {
      stages.push({ name: rest[2] ?? '', from: rest[0] ?? '', instructions: [] })
      continue
    }
    const stage = stages.at(-1)
    if (stage === undefined) throw new Error(`Dockerfile: ${name} stands before the first FROM`)
    stage.instructions.push({ name, text: line.slice(name.length).trim() })
  }
  return stages
}

/** A stage's instructions with those of the stages that it stands on, oldest first. */
export function withAncestors(stages: Stage[], name: string): Instruction[] {
  const stage = stages.find(one => one.name === name)
  return stage === undefined ? [] : [...withAncestors(stages, stage.from), ...stage.instructions]
}

/** The shell line of a RUN, without the mounts that only an image build knows. */
export function shellOf({ text }: Instruction): string {
  return text.replaceAll(/--mount=\S+\s+/g, '')
}

/** What COPY takes from the build context. */
export function contextSources({ instructions }: Stage): string[] {
  return instructions.filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from')).flatMap(({ text }) => text.split(/\s+/).slice(0, -1))
}

/** The allowed top entries and the excluded names of an ignore file that begins by ignoring everything. */
export function parseDockerignore(text: string): { allowed: string[]; excludedNames: RegExp[] } {
  const lines = text.split('\n').map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'))
  if (lines[0] !== '*') throw new Error('the ignore file is expected to begin with *, and to name what goes in')
  return {
    allowed: lines.filter(line => line.startsWith('!')).map(line => line.slice(1)),
    excludedNames: lines.filter(line => line.startsWith('**/')).map(line => new RegExp(`^${line.slice(3).replaceAll('.', String.raw`\.`).replaceAll('*', '[^/]*')}$`)),
  }
}
