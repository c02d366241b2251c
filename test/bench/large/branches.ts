/** The branches that are built, newest first; `main` is the one that is developed. */
export type Branch = { name: string; git: string; minor: number }

export const branches: Branch[] = [
  { name: '3.x', git: 'main', minor: 16 },
  ...[15, 14, 13, 12, 11, 10, 9].map(minor => ({ name: `3.${minor}`, git: `3.${minor}`, minor })),
]
