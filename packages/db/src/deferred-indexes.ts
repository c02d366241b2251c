export type IndexStatement = { name: string; definition: string; migration: string }

const INDEX = /^CREATE INDEX "(?<name>\w+)" ON "(?<table>\w+)"[^;]*;/gm

/**
 * Takes from migrations what makes indexes of tables that are there already: it is built afterwards, when it may take as long as it takes.
 * A unique index stays where it is, being a rule and not only a help, and so does one that could not be made as it is written any more.
 */
export function deferIndexes<M extends { name: string; sql: string }>(migrations: readonly M[]): { migrations: M[]; indexes: IndexStatement[] } {
  const all = migrations.map(({ sql }) => sql).join('\n')
  const indexes: IndexStatement[] = []
  const rest = migrations.map(migration => {
    const sql = migration.sql.replaceAll(INDEX, (definition, name: string, table: string) => {
      if (all.includes(`CREATE TABLE "${table}"`) || speaksOf(all.replace(definition, ''), definition)) return definition
      indexes.push({ name, definition, migration: migration.name })
      return ''
    })
    return { ...migration, sql }
  })
  return { migrations: rest, indexes }
}

/** Whether what makes this index would fail after that SQL: it names the index, or takes something away from its table. */
export function speaksOf(sql: string, definition: string): boolean {
  const { name, table } = [...definition.matchAll(INDEX)][0]?.groups ?? {}
  return sql.includes(`"${name}"`) || new RegExp(`\\b(DROP TABLE (IF EXISTS )?"${table}"|ALTER TABLE "${table}"[^;]*\\b(DROP|RENAME)\\b)`).test(sql)
}
