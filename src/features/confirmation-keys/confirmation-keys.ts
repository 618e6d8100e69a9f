import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Secrets } from '../../secrets.ts'
import type { Space } from '../spaces/space.ts'
import { confirmationKeyStore } from './store.ts'

export const KEY_LENGTH = 13

/** `2030-01-31 23:59:00`, in UTC. */
const WRITTEN = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/

export const parseMoment = (text: string): Date | null => {
  if (!WRITTEN.test(text)) return null
  const moment = new Date(`${text.replace(' ', 'T')}Z`)
  return Number.isNaN(moment.getTime()) || formatMoment(moment) !== text ? null : moment
}

export const formatMoment = (moment: Date): string => moment.toISOString().slice(0, 19).replace('T', ' ')

/** The pending activation keys of the 2021 generation (spec legacy.md §5–§8), one an account. */
export const confirmationKeys = (deps: { db: Db; secrets: Secrets; now: () => Date }) => {
  const { db, secrets, now } = deps
  const store = confirmationKeyStore(db)
  const isExpired = (expiresAt: Date | null) => expiresAt !== null && expiresAt < now()

  return {
    issue: async (tx: Tx, accountId: number, expiresAt: Date | null): Promise<void> => {
      await store.insert(tx, accountId, secrets.token(KEY_LENGTH), expiresAt, now())
    },
    pending: (on: Reader, accountId: number) => store.ofAccount(on, accountId),
    /** Spends the account's pending key; 404 when it has none or another, 403 when it is too old: then it stays. */
    redeem: async (tx: Tx, accountId: number, key: string): Promise<void> => {
      const pending = await store.ofAccount(tx, accountId)
      if (pending === null || pending.key !== key) throw new AppError('not_found', 'account.unknown')
      if (isExpired(pending.expiresAt)) throw new AppError('forbidden', 'confirmation.expired')
      if (!(await store.consume(tx, accountId, key))) throw new AppError('not_found', 'account.unknown')
    },
    /** For provisioning: the account of a 13-character key of this Space, or the refusal; spends nothing. */
    inspect: async (on: Reader, space: Space, key: string): Promise<{ accountId: number }> => {
      const found = key.length === KEY_LENGTH ? await store.byKey(on, space, key) : null
      if (found === null) throw new AppError('not_found', 'provisioning.unknown')
      if (isExpired(found.expiresAt)) throw new AppError('gone', 'provisioning.expired')
      if (found.blocked) throw new AppError('forbidden', 'auth.blocked')
      return found
    },
    consume: async (tx: Tx, accountId: number, key: string): Promise<void> => {
      if (!(await store.consume(tx, accountId, key))) throw new AppError('not_found', 'provisioning.unknown')
    },
  }
}

export type ConfirmationKeys = ReturnType<typeof confirmationKeys>
