import { and, desc, eq, gt, gte, lt, ne } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Session, SessionKind } from '../../nouns/session.ts'
import type { Scope, Space } from '../../nouns/space.ts'

export interface NewSession {
  readonly accountId: number
  readonly token: string
  readonly kind: SessionKind
  readonly ip: string
  readonly userAgent: string | null
  readonly expiresAt: Date
}

export const sessionStore = (db: Db) => {
  const { sessions, accounts } = db.tables

  const byHash = db.prepare(
    'session_by_hash',
    { token: sessions.token, domain: accounts.domain },
    (on, { token, domain }) =>
      on
        .select({
          id: sessions.id,
          token: sessions.token,
          kind: sessions.kind,
          createdAt: sessions.createdAt,
          lastUsedAt: sessions.lastUsedAt,
          expiresAt: sessions.expiresAt,
          account: accounts,
        })
        .from(sessions)
        .innerJoin(accounts, eq(accounts.id, sessions.accountId))
        .where(and(eq(sessions.token, token), eq(accounts.domain, domain))),
  )

  return {
    insert: (tx: Tx, row: NewSession, at: Date) =>
      tx.insert(sessions).values({ ...row, lastUsedAt: at, createdAt: at, updatedAt: at }),
    byHash: ({ space }: { space: Pick<Space, 'domain'> }, hash: string): Promise<Session | null> =>
      first(byHash(db.read, { token: hash, domain: space.domain })),
    /** Never back in time: of two requests at once the later one counts. */
    touch: (tx: Tx, id: number, at: Date) =>
      tx
        .update(sessions)
        .set({ lastUsedAt: at, updatedAt: at })
        .where(and(eq(sessions.id, id), lt(sessions.lastUsedAt, at))),
    /** False: it was closed already. */
    close: (tx: Tx, id: number) =>
      exists(tx.delete(sessions).where(eq(sessions.id, id)).returning({ id: sessions.id })),
    /** Those of the account that have not ended, the latest used first. */
    list: (on: Reader, accountId: number, at: Date, idleSince: Date) =>
      on
        .select({
          id: sessions.id,
          ip: sessions.ip,
          userAgent: sessions.userAgent,
          createdAt: sessions.createdAt,
          lastUsedAt: sessions.lastUsedAt,
        })
        .from(sessions)
        .where(
          and(
            eq(sessions.accountId, accountId),
            eq(sessions.kind, 'panel'),
            gt(sessions.expiresAt, at),
            gte(sessions.lastUsedAt, idleSince),
          ),
        )
        .orderBy(desc(sessions.lastUsedAt), desc(sessions.id)),
    closeOf: (tx: Tx, accountId: number, id: number) =>
      exists(
        tx
          .delete(sessions)
          .where(and(eq(sessions.id, id), eq(sessions.accountId, accountId)))
          .returning({ id: sessions.id }),
      ),
    closeOthers: (tx: Tx, accountId: number, kept: number) =>
      tx
        .delete(sessions)
        .where(and(eq(sessions.accountId, accountId), ne(sessions.id, kept)))
        .returning({ id: sessions.id }),
    /** Accounts that have any, by id. */
    accounts: (on: Reader, scope: Scope, after: number, most: number) =>
      on
        .selectDistinct({ id: sessions.accountId, domain: accounts.domain })
        .from(sessions)
        .innerJoin(accounts, eq(accounts.id, sessions.accountId))
        .where(
          and(gt(sessions.accountId, after), 'space' in scope ? eq(accounts.domain, scope.space.domain) : undefined),
        )
        .orderBy(sessions.accountId)
        .limit(most),
    closeAll: (tx: Tx, accountId: number) =>
      tx.delete(sessions).where(eq(sessions.accountId, accountId)).returning({ id: sessions.id }),
  }
}
