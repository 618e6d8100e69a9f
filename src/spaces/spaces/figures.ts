import type { Db } from '../../db/db.ts'
import type { PasswordAlgorithm, Space } from '../../nouns/space.ts'
import { spaceFiguresStore } from './figures-store.ts'

export interface SpaceFigures {
  readonly accounts: number
  readonly administrators: number
}

const NONE: SpaceFigures = { accounts: 0, administrators: 0 }

/** How full Spaces are, for whoever administers them. */
export const spaceFigures = ({ db }: { db: Db }) => {
  const store = spaceFiguresStore(db)
  return {
    /** Of every Space, by its domain. */
    all: async (): Promise<{ of(domain: string): SpaceFigures }> => {
      const figures = new Map<string, SpaceFigures>()
      for (const { domain, total } of await store.accounts(db.read)) {
        figures.set(domain, { accounts: total, administrators: 0 })
      }
      for (const { domain, total } of await store.administrators(db.read)) {
        figures.set(domain, { ...(figures.get(domain) ?? NONE), administrators: total })
      }
      return { of: (domain) => figures.get(domain) ?? NONE }
    },
    /** Accounts of the Space whose password is kept as MD5 and nothing better. Looks at each of them. */
    md5Only: (space: Pick<Space, 'domain'>): Promise<number> => store.md5Only(db.read, space.domain),
    /** Accounts of the Space that have a password, but none of this algorithm. Looks at each of them. */
    without: (space: Pick<Space, 'domain'>, algorithm: PasswordAlgorithm): Promise<number> =>
      store.without(db.read, space.domain, algorithm),
  }
}

export type SpacesFigures = ReturnType<typeof spaceFigures>
