import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { Db, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { AccountRow, InSpace } from './store.ts'

/** Rows that stay as they are until a transaction ends, and what is written to an account that is held. */
export const holdingStore = (db: Db) => {
  const {
    accounts,
    accountConfirmationKeys: confirmationKeys,
    spaceDigestAuthenticationConfigurations: digests,
    spaces,
  } = db.tables

  const activate = db.prepare(
    'activate_account',
    { domain: accounts.domain, id: accounts.id, at: accounts.updatedAt },
    (on, { domain, id, at }) =>
      on
        .update(accounts)
        .set({ activated: true, updatedAt: at })
        // What an administrator switched off, nobody else switches on.
        .where(and(eq(accounts.id, id), eq(accounts.domain, domain), sql`not ${accounts.switchedOff}`))
        .returning({ id: accounts.id }),
  )
  const spendKey = db.prepare('spend_confirmation_key', { id: confirmationKeys.accountId }, (on, { id }) =>
    on
      .update(confirmationKeys)
      .set({ used: true, sealed: null })
      .where(and(eq(confirmationKeys.accountId, id), eq(confirmationKeys.used, false)))
      .returning({ id: confirmationKeys.id }),
  )
  /** Deletes the pending key instead of spending it: whoever shows it later gets the answer to an unknown one. */
  const dropKey = db.prepare('drop_confirmation_key', { id: confirmationKeys.accountId }, (on, { id }) =>
    on
      .delete(confirmationKeys)
      .where(and(eq(confirmationKeys.accountId, id), eq(confirmationKeys.used, false)))
      .returning({ id: confirmationKeys.id }),
  )
  const holdSpace = db.prepare('hold_space', { domain: spaces.domain }, (on, { domain }) =>
    on
      .update(spaces)
      .set({ maxAccounts: sql`${spaces.maxAccounts}` })
      .where(eq(spaces.domain, domain))
      .returning({
        id: spaces.id,
        maxAccounts: spaces.maxAccounts,
        uniqueEmail: spaces.uniqueEmail,
        purgeAt: spaces.purgeAt,
      }),
  )
  const digestOfSpace = db.prepare('digest_of_space', { spaceId: digests.spaceId }, (on, { spaceId }) =>
    on.select({ realm: digests.realm }).from(digests).where(eq(digests.spaceId, spaceId)),
  )
  const holdAccount = db.prepare('hold_account', { domain: accounts.domain, id: accounts.id }, (on, { domain, id }) =>
    on
      .update(accounts)
      .set({ updatedAt: sql`${accounts.updatedAt}` })
      .where(and(eq(accounts.id, id), eq(accounts.domain, domain)))
      .returning({ username: accounts.username }),
  )

  return {
    /**
     * Holds the Space's row until the transaction ends, so that nobody else counts, compares or changes it meanwhile.
     * What it says now: its quota, and the realm of its HA1 values, null where it stores none.
     */
    holdSpace: async (tx: Tx, { space }: InSpace) => {
      const held = await first(holdSpace(tx, { domain: space.domain }))
      if (held === null) return null
      const digest = await first(digestOfSpace(tx, { spaceId: held.id }))
      return { ...held, realm: digest === null ? null : (digest.realm ?? space.domain) }
    },
    /** Holds several Spaces like this, by id, so that two who do it wait for each other and not for ever. */
    holdSpaces: async (tx: Tx, { domains, withSupers }: { domains: readonly string[]; withSupers: boolean }) => {
      const named = inArray(spaces.domain, [...domains])
      const found = await tx
        .select({ domain: spaces.domain })
        .from(spaces)
        .where(withSupers ? or(eq(spaces.super, true), named) : named)
        .orderBy(spaces.id)
      for (const { domain } of found) await holdSpace(tx, { domain })
    },
    /**
     * Holds the account's row until the transaction ends: what belongs to it can neither change twice at once nor
     * lose its account. null: it is gone. Everything that writes below an account takes it first.
     */
    hold: (tx: Tx, { space }: InSpace, id: number) => first(holdAccount(tx, { domain: space.domain, id })),

    update: async (tx: Tx, { space }: InSpace, id: number, row: Partial<Omit<AccountRow, 'id'>>) => {
      const isChanged = await exists(
        tx
          .update(accounts)
          .set(row)
          .where(and(eq(accounts.id, id), eq(accounts.domain, space.domain)))
          .returning({ id: accounts.id }),
      )
      // Whatever activates an account, or switches it off, makes its pending key worthless (behaviour/legacy.md §6).
      if (row.activated === true && isChanged) await spendKey(tx, { id })
      if (row.switchedOff === true && isChanged) await dropKey(tx, { id })
    },
    /** False: there is no such account, or an administrator has switched it off. */
    activate: async (tx: Tx, { space }: InSpace, id: number, at: Date): Promise<boolean> => {
      const isActive = await exists(activate(tx, { domain: space.domain, id, at }))
      if (isActive) await spendKey(tx, { id })
      return isActive
    },
  }
}
