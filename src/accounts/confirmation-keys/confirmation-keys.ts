import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Space } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Secrets } from '../../secrets.ts'
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

/**
 * The activation keys of the 2021 generation (behaviour/legacy.md §6), one an account. They are stored hashed, and
 * sealed for administrators while they are pending; one that was spent is remembered (D47).
 */
export const confirmationKeys = (deps: { db: Db; secrets: Secrets; now: () => Date }) => {
  const { db, secrets, now } = deps
  const store = confirmationKeyStore(db)
  const isExpired = (expiresAt: Date | null) => expiresAt !== null && expiresAt < now()

  return {
    issue: async (tx: Tx, accountId: number, expiresAt: Date | null): Promise<void> => {
      const key = secrets.token(KEY_LENGTH)
      await store.insert(tx, { accountId, hash: secrets.hash(key), sealed: secrets.seal(key), expiresAt, at: now() })
    },
    /** What administrators may see of the account's pending key; `key` null: it cannot be shown again. */
    pending: async (on: Reader, accountId: number): Promise<{ key: string | null; expiresAt: Date | null } | null> => {
      const found = await store.pending(on, accountId)
      return found === null ? null : { key: secrets.reveal(found.sealed), expiresAt: found.expiresAt }
    },
    isPending: async (on: Reader, accountId: number, key: string): Promise<boolean> =>
      (await store.pending(on, accountId))?.hash === secrets.hash(key),
    /** Spends the account's pending key; 404 when it has none or another, 403 when it is too old: then it stays. */
    redeem: async (tx: Tx, accountId: number, key: string): Promise<void> => {
      const hash = secrets.hash(key)
      const pending = await store.pending(tx, accountId)
      if (pending?.hash !== hash) throw new AppError('not_found', 'account.unknown')
      if (isExpired(pending.expiresAt)) throw new AppError('forbidden', 'confirmation.expired')
      if (!(await store.consume(tx, accountId, hash, now()))) throw new AppError('not_found', 'account.unknown')
    },
    /** For provisioning: the account of a 13-character key of this Space, or the refusal; spends nothing. */
    inspect: async (on: Reader, space: Space, key: string): Promise<{ accountId: number }> => {
      const found = key.length === KEY_LENGTH ? await store.byHash(on, space, secrets.hash(key)) : null
      if (found === null || found.used) throw new AppError('not_found', 'provisioning.unknown')
      if (isExpired(found.expiresAt)) throw new AppError('not_found', 'provisioning.expired')
      refuseClosed(found)
      return found
    },
    /** A key that set a phone up, or whose account was activated otherwise (D47). */
    isSpent: async (on: Reader, space: Space, key: string): Promise<boolean> =>
      key.length === KEY_LENGTH && (await store.byHash(on, space, secrets.hash(key)))?.used === true,
    consume: async (tx: Tx, accountId: number, key: string): Promise<void> => {
      if (!(await store.consume(tx, accountId, secrets.hash(key), now()))) {
        throw new AppError('not_found', 'provisioning.unknown')
      }
    },
  }
}

export type ConfirmationKeys = ReturnType<typeof confirmationKeys>
