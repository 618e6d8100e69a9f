import { and, eq, gte, isNotNull, isNull, or } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'
import { foldedEmail } from '../../protocols/email-address.ts'

/** Nobody's, until it is known whose it is; for most it stays a decoy. */
export interface NewRecovery {
  readonly spaceId: number
  readonly email: string | null
  readonly flow: string
  readonly code: string
  readonly ip: string
  readonly userAgent: string | null
}

interface InSpace {
  readonly space: Pick<Space, 'id' | 'domain'>
}

export const recoveryStore = (db: Db) => {
  const { accounts, recoveryCodes: codes } = db.tables

  const byPhone = db.prepare(
    'recovery_account_by_phone',
    { domain: accounts.domain, phone: accounts.phone },
    (on, { domain, phone }) =>
      on
        .select({ id: accounts.id, username: accounts.username })
        .from(accounts)
        .where(and(eq(accounts.domain, domain), or(eq(accounts.username, phone), eq(accounts.phone, phone)))),
  )
  const byEmail = db.prepare(
    'recovery_accounts_by_email',
    { domain: accounts.domain, email: accounts.email },
    (on, { domain, email }) =>
      on
        .select({ id: accounts.id })
        .from(accounts)
        .where(and(eq(accounts.domain, domain), eq(db.folded(accounts.email), email)))
        .limit(2),
  )
  const byEmailAndName = db.prepare(
    'recovery_accounts_by_email_and_name',
    { domain: accounts.domain, email: accounts.email, username: accounts.username, phone: accounts.phone },
    (on, { domain, email, username, phone }) =>
      on
        .select({ id: accounts.id })
        .from(accounts)
        .where(
          and(
            eq(accounts.domain, domain),
            eq(db.folded(accounts.email), email),
            or(eq(accounts.username, username), eq(accounts.phone, phone)),
          ),
        )
        .limit(2),
  )
  const byFlow = db.prepare('recovery_by_flow', { flow: codes.flow, spaceId: codes.spaceId }, (on, { flow, spaceId }) =>
    on
      .select({ id: codes.id, accountId: codes.accountId, email: codes.email })
      .from(codes)
      .where(and(eq(codes.flow, flow), eq(codes.spaceId, spaceId))),
  )

  return {
    /** Who has the number as its name, else whoever has it as its number. */
    byPhone: async (on: Reader, { space }: InSpace, phone: string): Promise<number | null> => {
      const rows = await byPhone(on, { domain: space.domain, phone })
      return (rows.find(({ username }) => username === phone) ?? rows[0])?.id ?? null
    },
    /** null also where several accounts have the address; `name` tells them apart. */
    byEmail: async (
      on: Reader,
      { space }: InSpace,
      address: string,
      name: { readonly username: string; readonly phone: string } | null,
    ): Promise<number | null> => {
      const { domain } = space
      const email = foldedEmail(address)
      const rows =
        name === null ? await byEmail(on, { domain, email }) : await byEmailAndName(on, { domain, email, ...name })
      const [one, another] = rows
      return another === undefined ? (one?.id ?? null) : null
    },
    insert: (tx: Tx, row: NewRecovery, at: Date) => tx.insert(codes).values({ ...row, createdAt: at, updatedAt: at }),
    /** The code is for that account; false: the recovery has one already. `phone`: where it goes, if to a phone. */
    begin: (
      tx: Tx,
      flow: string,
      { accountId, phone, code, at }: { accountId: number; phone: string | null; code: string; at: Date },
    ): Promise<boolean> =>
      exists(
        tx
          .update(codes)
          .set({ accountId, phone, code, updatedAt: at })
          .where(and(eq(codes.flow, flow), isNull(codes.accountId)))
          .returning({ id: codes.id }),
      ),
    byFlow: (on: Reader, { space }: InSpace, flow: string) => first(byFlow(on, { flow, spaceId: space.id })),
    /** Codes that wait for the account become `sealed`: from outside they look as before. */
    replacePending: (tx: Tx, accountId: number, sealed: string, at: Date) =>
      tx
        .update(codes)
        .set({ code: sealed, updatedAt: at })
        .where(and(eq(codes.accountId, accountId), isNotNull(codes.code))),
    /**
     * How many codes the account got since then, how many of them were guessed wrong to the end, and how often all
     * were.
     */
    countSince: async (tx: Tx, accountId: number, since: Date, mostAttempts: number) => {
      const rows = await tx
        .select({ attempts: codes.attempts, confirmedAt: codes.confirmedAt })
        .from(codes)
        .where(and(eq(codes.accountId, accountId), gte(codes.createdAt, since)))
      const dead = rows.filter(({ attempts, confirmedAt }) => attempts >= mostAttempts && confirmedAt === null)
      const guesses = rows.reduce(
        (sum, { attempts, confirmedAt }) => sum + attempts - (confirmedAt === null ? 0 : 1),
        0,
      )
      return { issued: rows.length, dead: dead.length, guesses }
    },
  }
}

export type RecoveryStore = ReturnType<typeof recoveryStore>
