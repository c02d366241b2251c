import { expect, test } from 'vitest'
import { deferIndexes } from './deferred-indexes.js'

const deferred = (...scripts: string[]) => deferIndexes(scripts.map((sql, index) => ({ name: `migration ${index}`, sql }))).indexes.map(({ name }) => name)

test('indexes of tables that are there are taken out; the rest stays as it is written', () => {
  const sql = `ALTER TABLE "builds" ADD COLUMN "x" TEXT;\n\n-- CreateIndex\nCREATE INDEX "of_x" ON "builds"(left("x", 100),\n  "id") WHERE (x IS NOT NULL);\nSELECT 1;\n`
  expect(deferIndexes([{ name: 'one', sql }])).toEqual({
    migrations: [{ name: 'one', sql: `ALTER TABLE "builds" ADD COLUMN "x" TEXT;\n\n-- CreateIndex\n\nSELECT 1;\n` }],
    indexes: [{ name: 'of_x', definition: 'CREATE INDEX "of_x" ON "builds"(left("x", 100),\n  "id") WHERE (x IS NOT NULL);', migration: 'one' }],
  })
})

test.each([
  ['a unique one', ['CREATE UNIQUE INDEX "a" ON "builds"("x");']],
  ['one of a new table', ['CREATE TABLE "things" ("x" TEXT);', 'CREATE INDEX "a" ON "things"("x");']],
  ['one that goes again', ['CREATE INDEX "a" ON "builds"("x");', 'DROP INDEX "a";']],
  ['one that gets another name', ['CREATE INDEX "a" ON "builds"("x");', 'ALTER INDEX "a" RENAME TO "b";']],
  ['one whose column goes', ['CREATE INDEX "a" ON "builds"("x");', 'ALTER TABLE "builds" ADD COLUMN "y" TEXT,\n  DROP COLUMN "x";']],
  ['one whose table goes', ['CREATE INDEX "a" ON "builds"("x");', 'DROP TABLE "builds";']],
])('not deferred: %s', (_what, scripts) => {
  expect(deferred(...scripts)).toEqual([])
})

test('what another one has to do with is no hindrance', () => {
  expect(deferred('CREATE INDEX "a" ON "builds"("x");', 'DROP INDEX "b"; ALTER TABLE "steps" DROP COLUMN "x"; ALTER TABLE "builds" ADD COLUMN "z" TEXT;', 'CREATE INDEX "c" ON "builds"("y");')).toEqual(['a', 'c'])
})
