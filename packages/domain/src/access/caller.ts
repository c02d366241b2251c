/** Who asks something of ui-api. */
export type Caller = {
  kind: 'anonymous' | 'user' | 'token'
  /** As it is kept with what they do: user:NAME or token:NAME. */
  actor: string
  /** Of a token: whose it is. Null: nobody has signed in. */
  username: string | null
  fullName: string | null
  email: string | null
  /** What the place where they signed in says of them: GitHub's teams as organization/team, OIDC's groups. */
  groups: string[]
  /** Of a token: what it may do at most. Null: all that its user may. */
  scopes: string[] | null
}

export const anonymous: Caller = { kind: 'anonymous', actor: 'user:anonymous', username: null, fullName: null, email: null, groups: [], scopes: null }

/** Who asks from elsewhere where nobody can sign in: may read what is open, and do nothing. */
export const stranger: Caller = { ...anonymous, scopes: [] }

export const isStranger = ({ kind, scopes }: Caller): boolean => kind === 'anonymous' && scopes !== null
