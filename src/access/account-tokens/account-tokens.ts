import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { choice, form, type Input, optional, text } from '../../http/input.ts'
import { isoMomentOrNull } from '../../http/moment.ts'
import type { Logging } from '../../logging/logging.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import type { Caller } from '../../nouns/caller.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Visit } from '../../nouns/visit.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Push } from '../../push/push.ts'
import { PN_PARAM, PN_PRID, PUSH_PROVIDERS, type PushProvider } from '../../push/sender.ts'
import type { Secrets } from '../../secrets.ts'
import { accountTokenStore, type Device, type Sent, type TokenKind } from './store.ts'

export const TOKEN_LENGTH = 13

/** Sends to a device within the window, whether their tokens were used or not (D50). */
const MOST_SENDS = 3

export const PushTarget = form({
  pn_provider: choice(PUSH_PROVIDERS),
  pn_param: optional(text({ max: 255 })),
  pn_prid: optional(text({ max: 255 })),
})

export const Exchange = form({ account_creation_request_token: text() })
export const Consumption = form({ account_creation_token: text() })

/** The tokens that lead to an account, or back into one (behaviour/tokens.md §1). */
export const accountTokens = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  push: Push
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, push, audit, log, now } = deps
  const store = accountTokenStore(db)

  const isExpired = (createdAt: Date, minutes: number | null) =>
    minutes !== null && createdAt.getTime() + minutes * 60_000 < now().getTime()

  const lifetime = {
    creation: config.APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES,
    recovery: config.APP_ACCOUNT_RECOVERY_TOKEN_EXPIRATION_MINUTES,
  }

  /** A token for whoever asks, and the row that is kept of it. */
  const newToken = (visit: Visit) => {
    const token = secrets.token(TOKEN_LENGTH)
    const row = { spaceId: visit.space.id, token: secrets.hash(token), ip: visit.address, userAgent: visit.userAgent }
    return { token, row }
  }

  /** Looks for a token by its hash; what has another length is none of ours. */
  const sought = <Found>(token: string, find: (hash: string) => Promise<Found | null>): Promise<Found | null> =>
    token.length === TOKEN_LENGTH ? find(secrets.hash(token)) : Promise.resolve(null)

  const write = securityRecords(log)
  const record = (event: 'token.redeemed' | 'token.throttled', visit: Visit, kind: string, token: string | null) =>
    // The Space is that of the host, whoever calls.
    write(event, visit, visit.caller, { space: visit.space.domain, kind, token })
  /** What becomes of a token. The security log names it as it names every secret: by its beginning. */
  const note = (
    tx: Tx,
    action: Extract<AuditAction, `token.${string}`>,
    visit: Visit,
    { kind, id, token }: { kind: TokenKind | 'creation_request'; id: number; token: string },
  ): Promise<void> =>
    audit.record(tx, action, {
      by: visit,
      space: visit.space,
      about: { kind: 'token', id },
      detail: { kind },
      line: { account: visit.caller === null ? null : addressOfRecord(visit.caller), token },
    })

  const expiryOf = (createdAt: Date): string | null =>
    isoMomentOrNull(lifetime.creation === null ? null : new Date(createdAt.getTime() + lifetime.creation * 60_000))

  const created = (visit: Visit, token: string, at: Date) => ({
    token,
    ip: visit.address,
    user_agent: visit.userAgent,
    expire_at: expiryOf(at),
  })

  const openRequest = async (on: Reader, visit: Visit, token: string) => {
    const found = await sought(token, (hash) => store.openRequest(on, visit.space, hash))
    const minutes = config.APP_ACCOUNT_CREATION_REQUEST_TOKEN_EXPIRATION_MINUTES
    return found === null ? null : { ...found, expired: isExpired(found.createdAt, minutes) }
  }

  const deviceOf = (input: Input<typeof PushTarget>, required: boolean): Device & { pnProvider: PushProvider } => {
    const check = (name: 'pn_param' | 'pn_prid', pattern: RegExp): void => {
      const value = input.values[name]
      if (value !== null && !pattern.test(value)) input.refuse(name, { id: 'v.push' })
      if (required && value === null) input.refuse(name, { id: 'v.required' })
    }
    check('pn_param', PN_PARAM)
    check('pn_prid', PN_PRID)
    const { pn_provider: pnProvider, pn_param, pn_prid } = input.settle()
    // A part that it does not name is kept as an empty one.
    return { pnProvider, pnParam: pn_param ?? '', pnPrid: pn_prid ?? '' }
  }

  /**
   * Until when a device with these rows, oldest first, gets no token, in epoch milliseconds (D50); null: it gets one.
   */
  const blockedUntil = (rows: readonly Sent[], policy: 'documented' | 'reference'): number | null => {
    const windowMs = config.APP_API_ACCOUNT_CREATION_TOKEN_RETRY_MINUTES * 60_000
    const inWindow = rows.filter(({ createdAt }) => createdAt.getTime() + windowMs > now().getTime())
    if (policy === 'reference') {
      const spent = inWindow.find(({ used }) => used)
      return spent === undefined ? null : spent.createdAt.getTime() + windowMs
    }
    const pending = rows.findLast(({ used }) => !used)
    const resent = pending === undefined ? 0 : pending.createdAt.getTime() + config.PUSH_RESEND_SECONDS * 1000
    const limiting = inWindow.at(-MOST_SENDS)
    const limited = limiting === undefined ? 0 : limiting.createdAt.getTime() + windowMs
    const until = Math.max(resent, limited)
    return until > now().getTime() ? until : null
  }

  /** Refuses a device that was served too recently, inside the transaction that reserves its next token. */
  const throttle = async (
    tx: Tx,
    visit: Visit,
    kind: TokenKind,
    device: Device,
    policy: 'documented' | 'reference',
  ) => {
    const windowMs = config.APP_API_ACCOUNT_CREATION_TOKEN_RETRY_MINUTES * 60_000
    const longestMs = Math.max(windowMs, config.PUSH_RESEND_SECONDS * 1000)
    const rows = await store.ofDevice(tx, kind, device, new Date(now().getTime() - longestMs))
    const until = blockedUntil(rows, policy)
    if (until === null) return
    record('token.throttled', visit, kind, null)
    throw new AppError(policy === 'reference' ? 'rate_limited' : 'forbidden', 'token.throttled', {
      retryAfterSeconds: Math.max(1, Math.ceil((until - now().getTime()) / 1000)),
    })
  }

  return {
    /** `POST /account_creation_request_tokens` */
    request: async (visit: Visit) => {
      const { token, row } = newToken(visit)
      await db.transaction(async (tx) => {
        const id = await store.insertRequest(tx, row, now())
        await note(tx, 'token.created', visit, { kind: 'creation_request', id, token })
      })
      const path = `${config.BASE_PATH}/creation_token/check/${token}`
      return { token, validation_url: `${visit.baseUrl()}${path}` }
    },

    /** For the browser check: the token can be validated, and validated again, until it is exchanged. */
    checkRequest: async (visit: Visit, token: string): Promise<void> => {
      const found = await openRequest(db.read, visit, token)
      if (found === null || found.expired) throw new AppError('not_found', 'token.unknown')
    },
    validateRequest: async (visit: Visit, token: string): Promise<void> =>
      db.transaction(async (tx) => {
        const found = await openRequest(tx, visit, token)
        const isOpen = found !== null && !found.expired && (await store.validateRequest(tx, found.id, now()))
        if (!isOpen) throw new AppError('not_found', 'token.unknown')
        await note(tx, 'token.validated', visit, { kind: 'creation_request', id: found.id, token })
      }),

    /** A validated request token for a creation token; apps poll this while the user is in the browser. */
    exchange: async (visit: Visit, input: Input<typeof Exchange>) => {
      const { account_creation_request_token: given } = input.settle()
      return db.transaction(async (tx) => {
        const found = await openRequest(tx, visit, given)
        if (found === null) throw new AppError('not_found', 'token.unknown')
        if (found.expired || found.validatedAt === null) {
          throw new AppError('not_found', 'token.not_validated')
        }
        const at = now()
        const { token, row } = newToken(visit)
        const id = await store.insertCreation(tx, row, at)
        if (!(await store.exchangeRequest(tx, found.id, id, at))) throw new AppError('not_found', 'token.unknown')
        await note(tx, 'token.created', visit, { kind: 'creation', id, token })
        return created(visit, token, at)
      })
    },

    /** An administrator hands out a creation token. */
    create: async (visit: Visit) => {
      const at = now()
      const { token, row } = newToken(visit)
      await db.transaction(async (tx) => {
        const id = await store.insertCreation(tx, row, at)
        await note(tx, 'token.created', visit, { kind: 'creation', id, token })
      })
      return created(visit, token, at)
    },

    /** The caller takes a creation token for the account it has: the account counts as validated then. */
    consume: async (visit: Visit, caller: Caller, token: string) => {
      const consumed = await db.transaction(async (tx) => {
        const found = await sought(token, (hash) => store.openCreation(tx, visit.space, hash))
        if (found === null || isExpired(found.createdAt, lifetime.creation))
          throw new AppError('not_found', 'token.unknown')
        const by = { ip: visit.address, userAgent: visit.userAgent }
        if (!(await store.redeemCreation(tx, found.id, caller.id, now(), by)))
          throw new AppError('not_found', 'token.unknown')
        await note(tx, 'token.redeemed', visit, { kind: 'creation', id: found.id, token })
        return found
      })
      return {
        token,
        pn_provider: consumed.pnProvider,
        pn_param: consumed.pnParam,
        pn_prid: consumed.pnPrid,
        used: true,
        account_id: caller.id,
        ip: visit.address,
        user_agent: visit.userAgent,
        expire_at: expiryOf(consumed.createdAt),
      }
    },

    /**
     * A token that only the device learns. It is reserved first, so that two requests cannot both pass the limit, and
     * given back when the push fails: then nothing is stored or counted.
     */
    sendByPush: async (
      visit: Visit,
      kind: TokenKind,
      input: Input<typeof PushTarget>,
      options: { policy?: 'documented' | 'reference'; complete?: boolean } = {},
    ): Promise<void> => {
      const device = deviceOf(input, options.complete ?? false)
      const { token, row } = newToken(visit)
      const id = await db.transaction(async (tx) => {
        await store.holdSpace(tx, visit.space)
        await throttle(tx, visit, kind, device, options.policy ?? config.PUSH_TOKEN_POLICY)
        const insert = kind === 'creation' ? store.insertCreation : store.insertRecovery
        return insert(tx, { ...row, ...device }, now())
      })
      try {
        await push.send({
          provider: device.pnProvider,
          param: device.pnParam,
          prid: device.pnPrid,
          type: 'background',
          payload: { token },
          callId: null,
        })
      } catch (error) {
        await db.transaction((tx) => store.forget(tx, kind, id))
        throw error
      }
      await db.transaction((tx) => note(tx, 'token.sent', visit, { kind, id, token }))
    },

    /**
     * What is wrong with a creation token, for the two rules of registration (behaviour/accounts.md §3); null: nothing.
     */
    inspectCreation: async (on: Reader, visit: Visit, token: string): Promise<'unknown' | 'expired' | null> => {
      const found = await sought(token, (hash) => store.openCreation(on, visit.space, hash))
      if (found === null) return 'unknown'
      return isExpired(found.createdAt, lifetime.creation) ? 'expired' : null
    },
    /** Links the token to the account it makes; true for exactly one account. */
    redeem: async (tx: Tx, visit: Visit, token: string, accountId: number): Promise<boolean> => {
      const found = await sought(token, (hash) => store.openCreation(tx, visit.space, hash))
      return found !== null && store.redeemCreation(tx, found.id, accountId, now(), found)
    },
    /** Refuses a recovery token that is unknown, used or of another Space (`code`), or too old (`gone`). */
    inspectRecovery: async (visit: Visit, token: string, code: 'not_found' | 'forbidden'): Promise<void> => {
      const found = await sought(token, (hash) => store.openRecovery(db.read, visit.space, hash))
      if (found === null) throw new AppError(code, 'token.unknown')
      if (isExpired(found.createdAt, lifetime.recovery)) throw new AppError('gone', 'token.unknown')
    },
    /** Spends the token on a recovery, of whomever (`creditRecovery`); true for exactly one caller. */
    redeemRecovery: async (tx: Tx, visit: Visit, token: string): Promise<boolean> => {
      const found = await sought(token, (hash) => store.openRecovery(tx, visit.space, hash))
      const by = { ip: visit.address, userAgent: visit.userAgent }
      if (found === null || !(await store.redeemRecovery(tx, found.id, now(), by))) return false
      await note(tx, 'token.redeemed', visit, { kind: 'recovery', id: found.id, token })
      return true
    },
    /** Notes the account that a spent token led to. */
    creditRecovery: (tx: Tx, space: { readonly id: number }, token: string, accountId: number) =>
      store.creditRecovery(tx, space, secrets.hash(token), accountId),
    /**
     * The account was made in the panel, behind a captcha and a code: as good as a token, and so a spent one stands for
     * it.
     */
    vouch: async (tx: Tx, visit: Visit, accountId: number): Promise<void> => {
      await store.insertCreation(tx, { ...newToken(visit).row, used: true, accountId }, now())
    },
    /** After the commit; the row of the account that it made says that there was one. */
    recordRedeemed: (visit: Visit, token: string) => record('token.redeemed', visit, 'creation', token),
    /**
     * The account was made by an administrator, the command line or an import (D49), or with a token, or consumed one.
     */
    isValidated: (on: Reader, accountId: number) => store.isValidated(on, accountId),
  }
}

export type AccountTokens = ReturnType<typeof accountTokens>
