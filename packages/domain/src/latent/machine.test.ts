import { expect, test } from 'vitest'
import { machineName } from './machine.js'

const nameOf = (worker: string, attempt = 1) => machineName({ installation: '0b1c2d3e-0000-4000-8000-000000000000', worker, attempt })
const long = 'builds-of-the-whole-monorepo-on-large-machines-in-frankfurt'

test('a name that DNS takes is kept as it is', () => {
  expect(nameOf('up-1', 12)).toBe('yard-up-1-0b1c2d3e-12')
})

test('no two workers have one name for their machines, whatever of theirs has to be left out', () => {
  const workers = ['linux-1', 'Linux-1', 'linux_1', 'linux.1', 'linux 1', '-linux-1', 'größe', 'gr-e', '名前', '机器', 'worker', ...Array.from({ length: 1_000 }, (_, index) => `${long}-${index + 1}`)]
  const names = workers.map(worker => nameOf(worker, 4_711))
  expect(new Set(names).size).toBe(workers.length)
  for (const name of names) expect(name).toMatch(/^yard-[a-z0-9-]{1,58}$/)
  expect(nameOf(`${long}-1`)).toMatch(/^yard-builds-of-the-whole-monorepo-on-[a-z0-9-]+-0b1c2d3e-1$/)
})
