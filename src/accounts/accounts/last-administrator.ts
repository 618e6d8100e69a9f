import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Space } from '../../nouns/space.ts'
import type { AccountRow, Directory } from '../directory/directory.ts'
import { administratorStore } from './administrators-store.ts'

type Rights = Pick<AccountRow, 'admin' | 'activated' | 'blocked'>

/** Somebody who can act as an administrator, and not only is called one. */
const isEffective = ({ admin, activated, blocked }: Rights): boolean => admin && activated && !blocked

/** What is about to become of an account. */
export interface Loss {
  readonly id: number
  readonly before: Rights
  /** null: it is deleted. `space`: where it lives then. */
  readonly after: (Rights & { readonly space: Pick<Space, 'domain' | 'super'> }) | null
  /** The account does it to itself. */
  readonly byItself: boolean
}

/**
 * Nobody may lock everybody out (D52): the last super administrator stays one, whoever asks, and the last administrator
 * of a Space does not take its own rights. Whatever deletes, demotes, blocks, switches off or moves an account asks
 * here.
 */
export const lastAdministrator = ({ db, directory }: { db: Db; directory: Directory }) => {
  const store = administratorStore(db)
  return {
    /**
     * To be called before the account is held. Of a super Space it holds all super Spaces: two administrators who demote
     * each other come one after the other, and the second one is refused.
     */
    hold: (tx: Tx, ...spaces: readonly Pick<Space, 'domain' | 'super'>[]): Promise<void> =>
      directory.holdSpaces(tx, {
        domains: spaces.map(({ domain }) => domain),
        withSupers: spaces.some((space) => space.super),
      }),

    /** Refuses, with `forbidden`, what would leave nobody; `space`: where the account lives now. */
    refuse: async (tx: Tx, space: Pick<Space, 'domain' | 'super'>, loss: Loss): Promise<void> => {
      const { id, before, after, byItself } = loss
      if (!isEffective(before)) return
      const stays = after !== null && isEffective(after)
      const staysHere = stays && after.space.domain === space.domain
      if (byItself && !staysHere && (await store.countAdministrators(tx, { space }, id)) === 0) {
        throw new AppError('forbidden', 'account.last_admin')
      }
      const staysSuper = stays && after.space.super
      if (space.super && !staysSuper && (await store.countSuperAdministrators(tx, id)) === 0) {
        throw new AppError('forbidden', 'account.last_super')
      }
    },
  }
}

export type LastAdministrator = ReturnType<typeof lastAdministrator>
