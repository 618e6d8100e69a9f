import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Language } from '../../messages/messages.ts'
import type { Space } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import { holdingStore } from './holding-store.ts'
import type { AccountRow, AccountView } from './store.ts'

/** Who hears of an account that has become active, or was blocked. */
export interface NewsOfStanding {
  isAwaited(tx: Tx, domain: string, ...types: readonly ('account.activated' | 'account.blocked')[]): Promise<boolean>
  tell(tx: Tx, type: 'account.activated' | 'account.blocked', account: AccountView): Promise<void>
}

/**
 * Accounts and Spaces that stay as they are until a transaction ends. Everything that writes below an account holds it
 * first; where both are held, the Space comes before the account.
 */
export const holding = (deps: {
  db: Db
  view: (on: Reader, space: Space, id: number) => Promise<{ readonly account: AccountView }>
  accountNews: NewsOfStanding
  now: () => Date
}) => {
  const { view, accountNews, now } = deps
  const store = holdingStore(deps.db)

  const hold = async (tx: Tx, space: Space, id: number): Promise<{ username: string }> => {
    const held = await store.hold(tx, { space }, id)
    if (held === null) throw new AppError('not_found', 'account.unknown')
    return held
  }

  /** Tells of what a write makes of an account that was not active, or not blocked, whatever else it writes. */
  const telling = async (
    tx: Tx,
    space: Space,
    id: number,
    types: readonly ('account.activated' | 'account.blocked')[],
    write: () => Promise<unknown>,
  ): Promise<void> => {
    if (types.length === 0 || !(await accountNews.isAwaited(tx, space.domain, ...types))) {
      await write()
      return
    }
    const { account: before } = await view(tx, space, id)
    await write()
    const { account } = await view(tx, space, id)
    if (account.activated && !before.activated) await accountNews.tell(tx, 'account.activated', account)
    if (account.blocked && !before.blocked) await accountNews.tell(tx, 'account.blocked', account)
  }

  const update = (tx: Tx, space: Space, id: number, row: Partial<Omit<AccountRow, 'id'>>): Promise<void> => {
    const stays = row.domain === undefined || row.domain === space.domain
    const types = [
      ...(stays && row.activated === true ? (['account.activated'] as const) : []),
      ...(stays && row.blocked === true ? (['account.blocked'] as const) : []),
    ]
    return telling(tx, space, id, types, () => store.update(tx, { space }, id, { ...row, updatedAt: now() }))
  }

  return {
    /** The account can neither go nor change; refuses one that is gone. */
    hold,
    /** The same for what opens it: refuses an account that was blocked or switched off meanwhile. */
    holdOpen: async (tx: Tx, space: Space, id: number): Promise<void> => {
      await hold(tx, space, id)
      refuseClosed((await view(tx, space, id)).account)
    },
    /** Holds its Space before it: nobody else compares or takes names, numbers and addresses meanwhile. */
    holdWithSpace: async (tx: Tx, space: Space, id: number): Promise<void> => {
      await store.holdSpace(tx, { space })
      await hold(tx, space, id)
    },
    /** The Space as it is now: its quota, and the realm of its HA1 values, null where it stores none. null: it is gone. */
    holdSpace: (tx: Tx, space: Pick<Space, 'domain'>) => store.holdSpace(tx, { space }),
    /** Several of them, in an order that keeps two who do it from waiting for each other; `withSupers`: all super Spaces too. */
    holdSpaces: store.holdSpaces,
    /** Of an account that is held. */
    update,
    /** The account of a spent token, or of a proven address, is activated, unless an administrator has switched it off. */
    markActivated: (tx: Tx, space: Space, id: number): Promise<void> =>
      telling(tx, space, id, ['account.activated'], () => store.activate(tx, { space }, id, now())),
    /** The language that the account is spoken to in. */
    setLocale: (tx: Tx, space: Space, id: number, locale: Language): Promise<void> => update(tx, space, id, { locale }),
  }
}
