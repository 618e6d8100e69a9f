import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first, only } from '../../db/rows.ts'
import { foldedEmail } from '../../protocols/email-address.ts'
import type { AccountRow, InSpace } from '../directory/directory.ts'

/** A new account is never switched off; that may come later. */
export type NewAccountRow = Omit<AccountRow, 'id' | 'switchedOff'>

/** What a name, an e-mail address or a phone number would collide with. `self`: the row that may keep them; 0: none. */
export interface Wanted {
  readonly domain: string
  readonly username: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly self: number
}

/** How accounts come and go. */
export const accountStore = (db: Db) => {
  const { accounts, accountsTombstones: tombstones, spaces } = db.tables

  const taken = db.prepare(
    'account_collisions',
    {
      domain: accounts.domain,
      self: accounts.id,
      username: accounts.username,
      email: accounts.email,
      phone: accounts.phone,
    },
    (on, { domain, self, username, email, phone }) => {
      const other = (condition: SQL) =>
        sql<boolean | number>`exists(select 1 from ${accounts} a where a.domain = ${domain}
        and a.id <> ${self} and ${condition})`
      return on
        .select({
          username: other(sql`a.username = ${username}`),
          tombstone: sql<boolean | number>`exists(select 1 from ${tombstones} t
          where t.domain = ${domain} and t.username = ${username})`,
          email: other(sql`${db.folded(sql`a.email`)} = ${email}`),
          uniqueEmail: sql<boolean | number>`(select unique_email from ${spaces} s where s.domain = ${domain})`,
          phone: other(sql`(a.phone = ${phone})`),
          phoneAsUsername: other(sql`(a.username = ${phone})`),
        })
        .from(sql`(select 1) as one`)
    },
  )

  const { id: _id, switchedOff: _switchedOff, ...newAccount } = getTableColumns(accounts)
  const insertAccount = db.prepare('insert_account', newAccount, (on, row) =>
    on.insert(accounts).values(row).onConflictDoNothing().returning({ id: accounts.id }),
  )

  return {
    taken: async (on: Reader, wanted: Wanted) => {
      // No account has an empty name.
      const email = wanted.email === null ? null : foldedEmail(wanted.email)
      const row = await only(taken(on, { ...wanted, username: wanted.username ?? '', email }))
      return {
        username: Boolean(row.username),
        tombstone: Boolean(row.tombstone),
        email: Boolean(row.email),
        /** What the Space says of it now. */
        uniqueEmail: Boolean(row.uniqueEmail),
        phone: Boolean(row.phone) || Boolean(row.phoneAsUsername),
      }
    },

    /** null: the name (or the phone number) was taken meanwhile. */
    insert: async (tx: Tx, row: NewAccountRow): Promise<number | null> =>
      (await first(insertAccount(tx, row)))?.id ?? null,
    delete: (tx: Tx, { space }: InSpace, id: number) =>
      tx
        .delete(accounts)
        .where(and(eq(accounts.id, id), eq(accounts.domain, space.domain)))
        .returning({ username: accounts.username, domain: accounts.domain }),
    /** Keeps the name from being given to somebody else. */
    bury: (tx: Tx, username: string, domain: string, at: Date) =>
      tx.insert(tombstones).values({ username, domain, createdAt: at, updatedAt: at }).onConflictDoNothing(),
  }
}

export type AccountStore = ReturnType<typeof accountStore>
