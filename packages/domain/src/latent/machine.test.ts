import { expect, test } from 'vitest'
import { machineName } from './machine.js'

const installation = 'c0ffee00-0000-4000-8000-000000000001'
const long = 'a-pool-of-machines-with-a-very-long-name-indeed-as-some-people-have-them'
const alike = [['linux_1', 'linux-1', 'Linux-1', 'linux--1', '-linux-1'], ['größe', 'gr-e', 'gr??e'], ['', '_', 'worker', 'Ω'], [`${long}-1`, `${long}-2`, `${long}-10`, long]]

test.each(alike)('workers with names like %s have machines of different names', (...workers) => {
  const names = workers.map(worker => machineName({ installation, worker, attempt: 12 }))
  expect(new Set(names).size).toBe(workers.length)
  for (const name of names) expect(name).toMatch(/^yard-[a-z0-9-]*[a-z0-9]-c0ffee00-12$/)
  expect(Math.max(...names.map(name => name.length))).toBeLessThanOrEqual(63)
})

test('a plain name stands in it as it is', () => {
  expect(machineName({ installation, worker: 'linux-1', attempt: 3 })).toBe('yard-linux-1-c0ffee00-3')
})
