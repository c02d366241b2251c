/** `cloud-init` images need the metadata service; `native` ones run user_data by a script of their own. */
export type TemplateType = 'cloud-init' | 'native'

export type Template = { uuid: string; title: string; size: number; templateType: TemplateType; license: number }

type TemplateRow = [uuid: string, title: string, templateType: TemplateType, size?: number, license?: number]

const rows: readonly TemplateRow[] = [
  ['01000000-0000-4000-8000-000010060300', 'Windows Server 2019 Standard', 'native', 30, 3.36],
  ['01000000-0000-4000-8000-000010080300', 'Windows Server 2022 Standard', 'native', 30, 3.36],
  ['01000000-0000-4000-8000-000020060100', 'Debian GNU/Linux 11 (Bullseye)', 'native'],
  ['01000000-0000-4000-8000-000020070100', 'Debian GNU/Linux 12 (Bookworm)', 'cloud-init'],
  ['01000000-0000-4000-8000-000020080100', 'Debian GNU/Linux 13 (Trixie)', 'cloud-init'],
  ['01000000-0000-4000-8000-000030220200', 'Ubuntu Server 22.04 LTS (Jammy Jellyfish)', 'cloud-init'],
  ['01000000-0000-4000-8000-000030240200', 'Ubuntu Server 24.04 LTS (Noble Numbat)', 'cloud-init'],
  ['01000000-0000-4000-8000-000050010400', 'CentOS Stream 9', 'native'],
  ['01000000-0000-4000-8000-000140010100', 'AlmaLinux 8', 'native'],
  ['01000000-0000-4000-8000-000140020100', 'AlmaLinux 9', 'cloud-init'],
  ['01000000-0000-4000-8000-000150010100', 'Rocky Linux 8', 'native'],
  ['01000000-0000-4000-8000-000150020100', 'Rocky Linux 9', 'cloud-init'],
]

export const templates: readonly Template[] = rows.map(([uuid, title, templateType, size = 10, license = 0]) => ({ uuid, title, size, templateType, license }))

/** For drives of servers that are to install a system themselves. */
export const installationDiscs: readonly { uuid: string; title: string; size: number }[] = [
  { uuid: '01000000-0000-4000-8000-000020060101', title: 'Debian GNU/Linux 11.0.0 (Bullseye) Installation CD', size: 1 },
]
