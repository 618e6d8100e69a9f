import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { CodeKind, Codes } from '../../accounts/codes/codes.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { activityStore } from './store.ts'

const MINUTE_MS = 60_000

/** What became of something that was given out: it still waits, is too old, was used, or a newer one took its place. */
export type Fate = 'waiting' | 'expired' | 'used' | 'over'

export type Kind = 'creation' | 'recovery_token' | 'recovery' | 'email' | 'phone' | 'provisioning' | 'reset'

/** A token, a link or a code of the account: never what it is. */
export interface Given {
  readonly kind: Kind
  readonly at: Date
  readonly fate: Fate
  /** When it was used, where that is known. */
  readonly usedAt: Date | null
  /** An address or a number that it went to. */
  readonly to: string | null
  readonly ip: string | null
  readonly userAgent: string | null
}

interface TokenRow {
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly used: boolean
  readonly ip: string | null
  readonly userAgent: string | null
}

interface CodeRow {
  readonly createdAt: Date
  readonly confirmedAt: Date | null
  readonly code: string | null
  readonly ip: string | null
  readonly userAgent: string | null
}

/** What happened around an account, for whoever administers it (behaviour/panel.md §7.7). */
export const activity = (deps: {
  config: Config
  db: Db
  apiKeys: ApiKeys
  sessions: Sessions
  codes: Codes
  now: () => Date
}) => {
  const { config, db, apiKeys, sessions, codes, now } = deps
  const store = activityStore(db)

  const isPast = (at: Date | null): boolean => at !== null && at < now()

  /** A token that is used was spent, or is worth nothing since a newer one was made: nobody wrote down which. */
  const ofTokens = (kind: Kind, minutes: number | null, rows: readonly TokenRow[]): readonly Given[] =>
    rows.map(({ createdAt: at, updatedAt, used, ip, userAgent }) => {
      const end = minutes === null ? null : new Date(at.getTime() + minutes * MINUTE_MS)
      return {
        kind,
        at,
        fate: used ? 'over' : isPast(end) ? 'expired' : 'waiting',
        usedAt: used ? updatedAt : null,
        to: null,
        ip,
        userAgent,
      }
    })

  const ofCodes = (kind: CodeKind, rows: readonly (CodeRow & { readonly to: string | null })[]): readonly Given[] =>
    rows.map(({ createdAt: at, confirmedAt, code, to, ip, userAgent }) => {
      const unused = code === null ? 'over' : codes.isExpired(kind, at) ? 'expired' : 'waiting'
      return { kind, at, fate: confirmedAt === null ? unused : 'used', usedAt: confirmedAt, to, ip, userAgent }
    })

  /** Tokens, links and codes of the account, the newest first. */
  const given = async (id: number): Promise<readonly Given[]> => {
    const recoveries = await store.recoveryCodes(db.read, id)
    const all = [
      ...ofTokens(
        'creation',
        config.APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES,
        await store.creationTokens(db.read, id),
      ),
      ...ofTokens(
        'recovery_token',
        config.APP_ACCOUNT_RECOVERY_TOKEN_EXPIRATION_MINUTES,
        await store.recoveryTokens(db.read, id),
      ),
      // Of those that are unused, the newest alone is good.
      ...ofTokens(
        'provisioning',
        config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES,
        await store.provisioningTokens(db.read, id),
      ).map((one, index) => (index > 0 && one.fate !== 'over' ? { ...one, fate: 'over' as const } : one)),
      ...ofTokens('reset', config.APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES, await store.resets(db.read, id)),
      ...ofCodes('email', await store.emailCodes(db.read, id)),
      ...ofCodes('phone', await store.phoneCodes(db.read, id)),
      ...ofCodes(
        'recovery',
        recoveries.map((row) => ({ ...row, to: row.email ?? row.phone })),
      ),
    ]
    return all.toSorted((one, other) => other.at.getTime() - one.at.getTime())
  }

  return {
    of: async (id: number) => ({
      given: await given(id),
      key: await apiKeys.own(id),
      sessions: await sessions.list(id),
    }),
  }
}

export type Activity = ReturnType<typeof activity>
