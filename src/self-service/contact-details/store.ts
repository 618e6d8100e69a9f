import { and, desc, eq, isNotNull } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

export type PhoneChange = Db['tables']['phoneChangeCodes']['$inferSelect']
export type EmailChange = Db['tables']['emailChangeCodes']['$inferSelect']

/** It waits for its code. */
type Pending<Change> = Change & { readonly code: string }

const pending = <Change extends { readonly code: string | null }>(row: Change | null): Pending<Change> | null =>
  row === null || row.code === null ? null : { ...row, code: row.code }

interface NewChange {
  readonly accountId: number
  /** Sealed. */
  readonly code: string
  readonly ip: string
  readonly userAgent: string | null
}

export const contactDetailsStore = (db: Db) => {
  const { accounts, phoneChangeCodes: phones, emailChangeCodes: emails } = db.tables
  const select = (on: Reader) =>
    on
      .select({ change: emails, domain: accounts.domain })
      .from(emails)
      .innerJoin(accounts, eq(accounts.id, emails.accountId))

  return {
    insertPhone: (tx: Tx, row: NewChange & { phone: string; attempts: number }, at: Date) =>
      tx.insert(phones).values({ ...row, createdAt: at, updatedAt: at }),
    insertEmail: (
      tx: Tx,
      row: NewChange & { email: string; hash: string | null; newsletterWording: string | null },
      at: Date,
    ) => tx.insert(emails).values({ ...row, createdAt: at, updatedAt: at }),
    pendingPhone: async (on: Reader, accountId: number): Promise<Pending<PhoneChange> | null> =>
      pending(
        await first(
          on
            .select()
            .from(phones)
            .where(and(eq(phones.accountId, accountId), isNotNull(phones.code)))
            .orderBy(desc(phones.id))
            .limit(1),
        ),
      ),
    pendingEmail: async (on: Reader, accountId: number): Promise<Pending<EmailChange> | null> =>
      pending(
        await first(
          on
            .select()
            .from(emails)
            .where(and(eq(emails.accountId, accountId), isNotNull(emails.code)))
            .orderBy(desc(emails.id))
            .limit(1),
        ),
      ),
    /** By what the mail's link carries, in this Space. */
    pendingByLink: async (on: Reader, { domain }: Pick<Space, 'domain'>, hash: string): Promise<EmailChange | null> =>
      (await first(select(on).where(and(eq(emails.hash, hash), isNotNull(emails.code), eq(accounts.domain, domain)))))
        ?.change ?? null,
    /** By what the notice's link carries. */
    byUndo: async (on: Reader, { domain }: Pick<Space, 'domain'>, hash: string): Promise<EmailChange | null> =>
      (await first(select(on).where(and(eq(emails.undoHash, hash), eq(accounts.domain, domain)))))?.change ?? null,
    /** What it takes to bring the old address back. */
    keepUndo: (tx: Tx, id: number, previousEmail: string | null, undoHash: string | null, at: Date) =>
      tx.update(emails).set({ previousEmail, undoHash, hash: null, updatedAt: at }).where(eq(emails.id, id)),
    /** True for exactly one caller. */
    spendUndo: (tx: Tx, id: number, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(emails)
          .set({ undoHash: null, updatedAt: at })
          .where(and(eq(emails.id, id), isNotNull(emails.undoHash)))
          .returning({ id: emails.id }),
      ),
  }
}

export type ContactDetailsStore = ReturnType<typeof contactDetailsStore>
