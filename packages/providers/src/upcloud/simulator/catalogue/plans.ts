/** As `GET /plan` has it: numbers, where servers have strings. Sizes: MiB of memory, GiB of storage and traffic. */
export type Plan = {
  name: string
  core_number: number
  memory_amount: number
  /** 0: storage is billed by itself. */
  storage_size: number
  storage_tier: string
  public_traffic_out: number
  gpu_amount?: number
  gpu_model?: string
}

type PlanRow = [name: string, cores: number, memory: number, storage: number, tier: string, traffic: number, price: number]

/** Prices are of Frankfurt, in credits an hour. */
const rows: readonly PlanRow[] = [
  ['1xCPU-1GB', 1, 1024, 25, 'maxiops', 1024, 0.744],
  ['1xCPU-2GB', 1, 2048, 50, 'maxiops', 2048, 1.488],
  ['2xCPU-4GB', 2, 4096, 80, 'maxiops', 4096, 2.9761],
  ['4xCPU-8GB', 4, 8192, 160, 'maxiops', 5120, 5.9523],
  ['6xCPU-16GB', 6, 16384, 320, 'maxiops', 6144, 11.9047],
  ['8xCPU-32GB', 8, 32768, 640, 'maxiops', 7168, 23.8095],
  ['12xCPU-48GB', 12, 49152, 960, 'maxiops', 9216, 35.7142],
  ['16xCPU-64GB', 16, 65536, 1280, 'maxiops', 10240, 47.619],
  ['20xCPU-96GB', 20, 98304, 1920, 'maxiops', 12288, 71.4285],
  ['20xCPU-128GB', 20, 131072, 2048, 'maxiops', 24576, 95.238],
  ['DEV-1xCPU-1GB-10GB', 1, 1024, 10, 'standard', 0, 0.4464],
  ['DEV-1xCPU-1GB', 1, 1024, 20, 'standard', 0, 0.6696],
  ['DEV-1xCPU-2GB', 1, 2048, 30, 'standard', 0, 1.1904],
  ['DEV-1xCPU-4GB', 1, 4096, 40, 'standard', 0, 2.2321],
  ['DEV-2xCPU-4GB', 2, 4096, 60, 'standard', 0, 2.6785],
  ['HICPU-8xCPU-12GB', 8, 12288, 100, 'maxiops', 4096, 15.4761],
  ['HICPU-16xCPU-24GB', 16, 24576, 100, 'maxiops', 5120, 30.9523],
  ['HIMEM-2xCPU-8GB', 2, 8192, 100, 'maxiops', 2048, 4.7619],
  ['HIMEM-4xCPU-32GB', 4, 32768, 100, 'maxiops', 4096, 15.4761],
  ['CLOUDNATIVE-1xCPU-4GB', 1, 4096, 0, 'maxiops', 0, 2.0833],
  ['CLOUDNATIVE-2xCPU-4GB', 2, 4096, 0, 'maxiops', 0, 2.6785],
  ['CLOUDNATIVE-4xCPU-8GB', 4, 8192, 0, 'maxiops', 0, 5.3571],
  ['CLOUDNATIVE-8xCPU-16GB', 8, 16384, 0, 'maxiops', 0, 10.7142],
]

export const plans: readonly Plan[] = rows.map(([name, core_number, memory_amount, storage_size, storage_tier, public_traffic_out]) =>
  ({ core_number, memory_amount, name, public_traffic_out, storage_size, storage_tier }))

export const planPrices: ReadonlyMap<string, number> = new Map(rows.map(row => [row[0], row[6]]))

/** Of its kind's plans, a machine that is switched off costs nothing. */
export const isPaidOnlyWhileOn = (plan: string) => plan === 'custom' || plan.startsWith('CLOUDNATIVE-')
