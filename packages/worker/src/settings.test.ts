import { expect, test } from 'vitest'
import { HELP, readSettings } from './settings.js'

const needed = { YARD_WORKER_NAME: 'w1', YARD_WORKER_PASSWORD: 'pw', YARD_WORKER_BASEDIR: '/w' }
const read = (argv: string[], env: NodeJS.ProcessEnv = {}) => readSettings(argv, { ...needed, ...env })

test('flags win over the environment, and there are defaults', () => {
  expect(read([])).toMatchObject({ engines: ['ws://127.0.0.1:9989'], labels: {}, once: false, onStop: 'hand-back', umask: null, nice: null })
  expect(read([], { YARD_LABELS: 'gpu=a100, room=the attic', YARD_ON_STOP: 'finish', YARD_ONCE: '1', YARD_UMASK: '027', YARD_NICE: '5' }))
    .toMatchObject({ labels: { gpu: 'a100', room: 'the attic' }, once: true, onStop: 'finish', umask: 0o027, nice: 5 })
  expect(read(['--label', 'gpu=none', '--label', 'x=a=b', '--on-stop', 'hand-back', '--umask', '0o22'], { YARD_LABELS: 'gpu=a100', YARD_ON_STOP: 'finish' }))
    .toMatchObject({ labels: { gpu: 'none', x: 'a=b' }, onStop: 'hand-back', umask: 0o22 })
})

test('every problem is told, with what was found', () => {
  const wrong = () => readSettings(['--on-stop', 'sulk', '--umask', '99', '--nice', '20', '--label', 'gpu', '--engine', 'http://x'], { YARD_ONCE: 'yes' })
  for (const text of ["--on-stop: expected hand-back or finish, found 'sulk'", "--umask: expected an octal number like 022, found '99'", "--nice: expected a whole number from 0 to 19, found '20'",
    "--label: expected NAME=VALUE, found 'gpu'", "found 'http://x'", "YARD_ONCE: expected 1 or 0, found 'yes'", '--name (or YARD_WORKER_NAME) is missing', '--basedir (or YARD_WORKER_BASEDIR) is missing']) expect(wrong).toThrow(text)
})

test('the help names every flag and variable', () => {
  expect(read(['--help'])).toBe(null)
  for (const word of ['--engine', '--name', '--password-file', '--basedir', '--label', '--on-stop', '--once', '--umask', '--nice', 'YARD_LABELS', 'YARD_ON_STOP', 'YARD_ONCE', 'YARD_UMASK', 'YARD_NICE']) expect(HELP).toContain(word)
})
