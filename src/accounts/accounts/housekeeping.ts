import type { Audit } from '../../audit/audit.ts'
import { captchaStore } from '../../captcha/store.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import type { Stretch } from '../../db/stretch.ts'
import { countOutlived, type Pace, sweep, walk } from '../../db/sweep.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import type { WebhookNews } from '../../webhooks/news.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { Directory } from '../directory/directory.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'
import { accountHousekeepingStore } from './housekeeping-store.ts'

/**
 * Accounts that one transaction looks at: each goes with everything below it, which takes some hundred microseconds.
 */
const ACCOUNTS_BATCH = 25
const BATCH = 500

/** Whoever deletes accounts that have had their day. */
const JOB = { job: 'unconfirmed-accounts' }
const KEYS_JOB = { job: 'api-keys' }

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** Uses of keys and sessions are written later than they happen: by seconds, and by a minute. */
const WRITTEN_WITHIN_MS = 2 * MINUTE_MS

/** A day longer than the owner of an e-mail address may bring it back. */
const UNDO_DAYS = 4

/** What hears of lines at carriers, which hang on accounts. */
export interface LinesOfAccounts {
  /** In the transaction that deletes these accounts, which are held. */
  tellBelow(tx: Tx, accountIds: readonly number[]): Promise<void>
}

/** What hears of calls and messages, which remember who sent them. */
export interface StatisticsOfAccounts {
  /** In the transaction that deletes these accounts, which are held. */
  forgetBelow(tx: Tx, accountIds: readonly number[]): Promise<void>
}

/** `apply` false: only counts. */
export interface Clearing extends Pick<Pace, 'signal' | 'onGone'> {
  readonly apply: boolean
}

/** What accumulates and is cleared by age (behaviour/operations.md §3). null days or minutes: kept for ever. */
export const accountHousekeeping = (deps: {
  config: Config
  db: Db
  bridge: LinesOfAccounts
  statisticsClearing: StatisticsOfAccounts
  sipProxy: SipProxy
  directory: Directory
  accountNews: AccountNews
  webhookNews: WebhookNews
  spaces: SpaceDirectory
  audit: Audit
  now: () => Date
}) => {
  const { config, db, bridge, statisticsClearing, sipProxy, directory, accountNews, webhookNews } = deps
  const { spaces, audit, now } = deps
  const store = accountHousekeepingStore(db)
  const answers = captchaStore(db)
  const before = (ms: number) => new Date(now().getTime() - ms)

  /** Webhooks hear of these accounts, which are held, before they are deleted. */
  const tellDeleted = async (
    tx: Tx,
    held: readonly { readonly id: number; readonly domain: string }[],
  ): Promise<void> => {
    if (!(await webhookNews.isAwaitedAnywhere(tx, 'account.deleted'))) return
    for (const [domain, accounts] of Map.groupBy(held, (account) => account.domain)) {
      const ids = accounts.map(({ id }) => id)
      for (const account of await directory.byIds(tx, { domain }, ids)) {
        await accountNews.tell(tx, 'account.deleted', account)
      }
    }
  }

  /** Calls `step`, which does at most `most` in one transaction, until it has done less; resolves to the sum. */
  const inBatches = async (step: (most: number) => Promise<number>, { signal, onGone }: Pace): Promise<number> => {
    let total = 0
    for (;;) {
      signal?.throwIfAborted()
      const done = await step(BATCH)
      total += done
      onGone?.(done)
      if (done < BATCH) return total
      await Bun.sleep(0)
    }
  }

  const clearNamedKeys = async (tx: Tx, stretch: Stretch, which: Parameters<typeof store.deadKeys>[2]) => {
    const dead = await store.deadKeys(tx, stretch, which)
    if (dead.length === 0) return 0
    const deleted = await store.deleteKeys(
      tx,
      dead.map(({ keyId }) => keyId),
    )
    for (const { keyId, expireAt, ...about } of dead.filter((key) => deleted.includes(key.keyId))) {
      const space = await spaces.byDomain(about.domain)
      const hasEnded = expireAt !== null && expireAt < which.endedUntil
      const detail = { object: keyId, reason: hasEnded ? 'ended' : 'idle' }
      await audit.record(tx, 'apikey.deleted', { by: KEYS_JOB, space, about, detail })
    }
    return deleted.length
  }

  return {
    /** Reserved names become free. */
    tombstones: async (days: number | null, { apply, ...pace }: Clearing): Promise<number> => {
      if (days === null) return 0
      const old = store.tombstones(before(days * DAY_MS))
      return apply ? sweep(db, old, pace) : countOutlived(db, old)
    },
    /** Accounts nobody activated; with `confirmed` any account that old. Administrators stay. */
    unconfirmed: async (
      days: number | null,
      { apply, confirmed, domain, ...pace }: Clearing & { confirmed: boolean; domain: string | null },
    ): Promise<number> => {
      if (days === null) return 0
      const old = store.accounts({ until: before(days * DAY_MS), confirmed, domain })
      if (!apply) return countOutlived(db, old)
      const clear = async (tx: Tx, stretch: Stretch): Promise<number> => {
        const held = await store.holdAccounts(tx, stretch, old)
        const ids = held.map(({ id }) => id)
        await bridge.tellBelow(tx, ids)
        await statisticsClearing.forgetBelow(tx, ids)
        await sipProxy.accountsClosed(tx, ids)
        await tellDeleted(tx, held)
        await store.deleteAccounts(tx, ids)
        for (const about of held) {
          const space = await spaces.byDomain(about.domain)
          const reason = confirmed ? 'old' : 'unconfirmed'
          await audit.record(tx, 'account.deleted', { by: JOB, space, about, detail: { reason } })
        }
        return ids.length
      }
      return walk(db, old.table, clear, { ...pace, most: ACCOUNTS_BATCH })
    },
    /** Accounts' own keys unused for so long, null: none of them; named keys by their own limits. 0 minutes: nothing. */
    apiKeys: async (minutes: number | null, pace: Pace = {}): Promise<number> => {
      if (minutes === 0) return 0
      const at = now().getTime() - WRITTEN_WITHIN_MS
      const isIdle = (limit: number, lastUsedAt: Date) => limit > 0 && lastUsedAt.getTime() + limit * MINUTE_MS < at
      const ownSince = minutes === null ? null : new Date(at - minutes * MINUTE_MS)
      const clear = async (tx: Tx, stretch: Stretch): Promise<number> => {
        const named = await clearNamedKeys(tx, stretch, { endedUntil: new Date(at), isIdle })
        return named + (ownSince === null ? 0 : await store.deleteIdleOwnKeys(tx, stretch, ownSince))
      }
      return walk(db, store.keys, clear, pace)
    },
    /** Spent digest counts whose nonces have expired; PostgreSQL only, nothing elsewhere. */
    nonces: (pace: Pace = {}): Promise<number> =>
      inBatches((most) => db.transaction((tx) => store.deleteNonces(tx, now(), most)), pace),
    /** Proofs of work that could not be sent again anyway; an hour of grace, as clocks of several machines differ. */
    captchaAnswers: (pace: Pace = {}): Promise<number> =>
      inBatches((most) => db.transaction((tx) => answers.clear(tx, before(60 * MINUTE_MS), most)), pace),
    /**
     * Tokens and codes of every kind that were used, or expired, so long ago; those that mark an account as validated
     * stay.
     */
    tokens: async (days: number | null, { apply, ...pace }: Clearing): Promise<number> => {
      if (days === null) return 0
      const until = before(days * DAY_MS)
      const expired = (minutes: number | null) => new Date(until.getTime() - (minutes ?? 0) * MINUTE_MS)
      const provisioning = config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES
      const old = store.tokens({
        usedUntil: until,
        provisioning: provisioning === null ? null : expired(provisioning),
        request: expired(config.APP_ACCOUNT_CREATION_REQUEST_TOKEN_EXPIRATION_MINUTES),
        creation: expired(config.APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES),
        recovery: expired(config.APP_ACCOUNT_RECOVERY_TOKEN_EXPIRATION_MINUTES),
        auth: until,
        reset: expired(config.APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES),
        phoneCode: expired(config.APP_PHONE_CHANGE_CODE_EXPIRATION_MINUTES),
        emailCode: expired(config.APP_EMAIL_CHANGE_CODE_EXPIRATION_MINUTES),
        emailUndo: before(Math.max(days, UNDO_DAYS) * DAY_MS),
        recoveryCode: expired(config.APP_RECOVERY_CODE_EXPIRATION_MINUTES),
      })
      let total = 0
      for (const rows of old) total += apply ? await sweep(db, rows, pace) : await countOutlived(db, rows)
      const links = apply
        ? await inBatches((most) => db.transaction((tx) => store.deleteWizards(tx, until, most)), pace)
        : await store.countWizards(db.read, until)
      return total + links
    },
    /** What people look for in new accounts enters the index that searches use. */
    words: (pace: Pace = {}): Promise<number> => inBatches((most) => db.indexWords(most), pace),
    /** Sessions that have ended, or that nobody has used for SESSION_LIFETIME. */
    sessions: (pace: Pace = {}): Promise<number> => {
      const idleSince = before(config.SESSION_LIFETIME * MINUTE_MS + WRITTEN_WITHIN_MS)
      return sweep(db, store.sessions(now(), idleSince), pace)
    },
  }
}

export type AccountHousekeeping = ReturnType<typeof accountHousekeeping>
