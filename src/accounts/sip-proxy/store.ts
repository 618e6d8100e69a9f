import { and, eq, inArray } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first } from '../../db/rows.ts'

export const sipProxyStore = (db: Db) => {
  const { accounts } = db.tables
  return {
    addresses: (tx: Tx, ids: readonly number[]) =>
      tx
        .select({ username: accounts.username, domain: accounts.domain })
        .from(accounts)
        .where(inArray(accounts.id, [...ids])),
    /** Whether the address is somebody's now; null: nobody's. */
    standing: (on: Reader, username: string, domain: string) =>
      first(
        on
          .select({ blocked: accounts.blocked, switchedOff: accounts.switchedOff })
          .from(accounts)
          .where(and(eq(accounts.domain, domain), eq(accounts.username, username))),
      ),
  }
}
