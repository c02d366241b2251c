import { expect, test } from 'vitest'
import { formatLogLine } from './log-line.js'
import { collectedLog } from './testing/collected-log.js'

test('keys that hold secrets are removed at any usual depth', () => {
  const { logger, lines } = collectedLog()
  logger.info({ password: 'p1', worker: { password: 'p2', auth: { token: 'p3' } }, headers: { authorization: 'p4' }, name: 'w1' }, 'attached')
  expect(lines[0]).not.toMatch(/p[1234]/)
  expect(lines[0]).toContain('"name":"w1"')
})

test('an error keeps its stack and cause, and loses credentials', () => {
  const { logger, records } = collectedLog()
  logger.error({ err: new Error('cannot reach postgres://me:hunter2@db/x', { cause: new Error('refused') }) }, 'failed')
  const err = records()[0]?.err as { message: string; stack: string; cause: { message: string } }
  expect(err.message).toBe('cannot reach postgres://me:***@db/x')
  expect(err.stack).toContain('logger.test.ts')
  expect(err.stack).not.toContain('hunter2')
  expect(err.cause.message).toBe('refused')
})

test('a record reads as one line, with the stack below', () => {
  const line = JSON.stringify({ level: 'warn', time: Date.UTC(2026, 0, 1, 12), pid: 1, name: 'engine', worker: 'w1', text: 'a b', err: { stack: 'Error: x\n  at y' }, msg: 'lost' })
  expect(formatLogLine(`${line}\n`)).toBe('12:00:00.000 warn  lost worker=w1 text="a b"\n  Error: x\n    at y')
  expect(formatLogLine(line, { colours: true })).toContain('\u001b[33mwarn ')
})

test.each([{ code: 'ECONNREFUSED', message: 'refused' }, { code: '57P03', message: 'starting up' }, { message: 'Connection terminated unexpectedly' }])('an absent server is told in one line: %j', err => {
  const line = JSON.stringify({ level: 'warn', time: Date.UTC(2026, 0, 1, 12), msg: 'away', err: { ...err, stack: `Error: ${err.message}\n  at y` } })
  expect(formatLogLine(line)).toBe(`12:00:00.000 warn  away\n  ${err.message}`)
})

test.each(['plain text', '{"half', '{"a":1}', '[]', ''])('%j, which is no record, stays as it is', line => {
  expect(formatLogLine(line)).toBe(line)
})
