import { manualClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { jsonOutput, readableOutput } from './output.js'

const logLine = '{"level":"info","time":1767225600000,"pid":1,"name":"engine","worker":"w1","msg":"worker connected"}'

function outputs() {
  const lines: string[] = []
  const clock = manualClock()
  return { lines, clock, options: { write: (line: string) => { lines.push(line) }, clock, colours: false, json: false } }
}

test('people read stages with their time, and the roles\' lines with their name', async () => {
  const { lines, clock, options } = outputs()
  const output = readableOutput(options)
  await output.stage('PostgreSQL', () => clock.advance(1_234))
  output.childLine('engine', logLine)
  output.childLine('worker', 'plain text')
  output.ready('http://127.0.0.1:8010')
  expect(lines).toEqual(['✓ PostgreSQL               1.2 s', 'engine      | 00:00:00.000 info  worker connected worker=w1', 'worker      | plain text', 'Yardmaster is ready: http://127.0.0.1:8010'])
})

test('a stage that fails is not told as done', async () => {
  const { lines, options } = outputs()
  await expect(readableOutput(options).stage('NATS', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(lines).toEqual([])
})

test('programs read one JSON object per line', async () => {
  const { lines, options } = outputs()
  const output = jsonOutput(options)
  await output.stage('PostgreSQL', async () => undefined)
  output.childLine('engine', logLine)
  output.childLine('worker', 'plain text')
  output.ready('http://127.0.0.1:8010')
  expect(lines[1]).toBe(logLine)
  expect(lines.map(line => JSON.parse(line))).toMatchObject([{ stage: 'PostgreSQL', ms: 0 }, { name: 'engine' }, { name: 'worker', msg: 'plain text' }, { msg: 'Yardmaster is ready', url: 'http://127.0.0.1:8010' }])
})
