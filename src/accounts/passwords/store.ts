import { eq, type SQLWrapper } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import type { PasswordAlgorithm } from '../../nouns/space.ts'

export interface NewPasswordRow {
  readonly algorithm: PasswordAlgorithm
  readonly ha1: string
}

export const passwordStore = (db: Db) => {
  const { passwords } = db.tables

  const rows = db.prepare('passwords_of_account', { accountId: passwords.accountId }, (on, { accountId }) =>
    on
      .select({ algorithm: passwords.algorithm, password: passwords.password })
      .from(passwords)
      .where(eq(passwords.accountId, accountId))
      .orderBy(passwords.id),
  )
  const insert = db.prepare(
    'insert_password',
    { accountId: passwords.accountId, password: passwords.password, algorithm: passwords.algorithm },
    (on, row) => on.insert(passwords).values(row).returning({ id: passwords.id }),
  )

  const drop = db.prepare('drop_passwords', { accountId: passwords.accountId }, (on, { accountId }) =>
    on.delete(passwords).where(eq(passwords.accountId, accountId)).returning({ id: passwords.id }),
  )

  return {
    insertFrom: (on: Tx, rows: SQLWrapper) =>
      on.insert(passwords).select(rows.getSQL()).returning({ id: passwords.id }),
    rows: (on: Reader, accountId: number) => rows(on, { accountId }),
    insert: (tx: Tx, accountId: number, { algorithm, ha1 }: NewPasswordRow) =>
      insert(tx, { accountId, algorithm, password: ha1 }),
    /** At most one algorithm per account afterwards; null: none, in a Space that stores no passwords. */
    replace: async (tx: Tx, accountId: number, row: NewPasswordRow | null): Promise<void> => {
      await drop(tx, { accountId })
      if (row !== null) await insert(tx, { accountId, algorithm: row.algorithm, password: row.ha1 })
    },
  }
}
