import type { Db, Tx } from '../../src/db/db.ts'

const AT = new Date('2026-06-01T12:00:00.000Z')
const stamps = { createdAt: AT, updatedAt: AT }

export const insertSpace = (tx: Tx, { tables }: Db, domain: string) =>
  tx.insert(tables.spaces).values({ domain, host: `host.${domain}`, name: domain, ...stamps })

/** As many as wanted in one statement; `id` may be chosen. */
export const insertAccounts = (
  tx: Tx,
  { tables }: Db,
  accounts: readonly { readonly id?: number; readonly username: string; readonly domain: string }[],
) =>
  tx
    .insert(tables.accounts)
    .values(accounts.map((account) => ({ ...account, ipAddress: '192.0.2.1', userAgent: 'test', ...stamps })))
    .onConflictDoNothing()
    .returning({ id: tables.accounts.id })
