import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { type ChosenPassword, checkChosenPassword, refuseWithoutPasswords } from '../../accounts/passwords/rules.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader } from '../../db/db.ts'
import { AppError, type RefusalCode } from '../../errors.ts'
import type { Input } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { maskedEmail } from '../../logging/masking.ts'
import { actionRecords } from '../../nouns/security-record.ts'
import { languageOf } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import { passwordResetStore } from './store.ts'

const TOKEN_LENGTH = 16

const MINUTE_MS = 60_000

/** Links by mail with which an account gets a new password (behaviour/accounts.md §6.4). */
export const passwordResets = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  accounts: Accounts
  passwords: Passwords
  limits: Limits
  outbox: Outbox
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, accounts, passwords, limits, outbox, audit, log, now } = deps
  const store = passwordResetStore(db)
  const lifetimeMinutes = config.APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES

  const expiryOf = (createdAt: Date): Date | null =>
    lifetimeMinutes === null ? null : new Date(createdAt.getTime() + lifetimeMinutes * MINUTE_MS)
  const isExpired = (createdAt: Date): boolean => {
    const expiry = expiryOf(createdAt)
    return expiry !== null && expiry < now()
  }

  const record = actionRecords(log)

  /**
   * The link that the token stands for while it can be used. `dead`: how one is refused that was used or is too old.
   */
  const find = async (on: Reader, visit: Visit, token: string, dead: RefusalCode) => {
    const found = token.length === TOKEN_LENGTH ? await store.byHash(on, visit, secrets.hash(token)) : null
    if (found === null) throw new AppError('not_found', 'reset.unknown')
    refuseClosed(found)
    if (found.used || isExpired(found.createdAt)) throw new AppError(dead, 'reset.dead')
    return found
  }

  return {
    /** Mails the account a link; the ones it got before lead nowhere from then on. */
    send: async (visit: Visit, id: number): Promise<void> => {
      const { space } = visit
      const token = secrets.token(TOKEN_LENGTH)
      await db.transaction(async (tx) => {
        await accounts.holdWithSpace(tx, space, id)
        const { account: held } = await accounts.view(tx, space, id)
        if (held.email === null) throw new AppError('forbidden', 'account.no_email')
        refuseWithoutPasswords(visit.space)
        const at = now()
        const by = { ip: visit.address, userAgent: visit.userAgent }
        await store.useUp(tx, id, at)
        await store.insert(tx, { accountId: id, token: secrets.hash(token), email: held.email, ...by }, at)
        await outbox.add(tx, {
          channel: 'mail',
          kind: 'reset_password',
          spaceId: space.id,
          accountId: id,
          recipient: held.email,
          language: languageOf(held, space, visit.language),
          data: {
            'account.identifier': addressOfRecord(held),
            link: `${visit.baseUrl(space)}${config.BASE_PATH}/reset_password/${token}`,
            expires_minutes: lifetimeMinutes,
          },
          expiresAt: expiryOf(at),
          supersedes: true,
        })
        const line = { to: maskedEmail(held.email) }
        await audit.record(tx, 'auth.reset.sent', { by: visit, space, about: held, line })
      })
    },

    /** Refuses a link that cannot be used, with `dead` when it no longer can. Looking at it spends nothing. */
    inspect: async (visit: Visit, token: string, dead: 'gone' | 'forbidden'): Promise<void> => {
      refuseWithoutPasswords(visit.space)
      await find(db.read, visit, token, dead).catch(async (refusal: unknown) => {
        if (refusal instanceof AppError) await limits.linkFailures.consume(visit.network)
        if (refusal instanceof AppError) record('auth.reset.fail', visit, null, { reason: refusal.code })
        throw refusal
      })
    },

    /** Spends the link on a new password, for exactly one caller. */
    reset: async (visit: Visit, token: string, input: Input<typeof ChosenPassword>): Promise<void> => {
      const { space } = visit
      checkChosenPassword(input, config)
      const { password } = input.settle()
      await db.transaction(async (tx) => {
        const { id, accountId } = await find(tx, visit, token, 'forbidden')
        await accounts.holdWithSpace(tx, space, accountId)
        if (!(await store.consume(tx, id, now()))) throw new AppError('forbidden', 'reset.dead')
        refuseClosed(await passwords.set(tx, space, accountId, password, visit, { action: 'auth.reset.ok' }))
      })
    },
  }
}

export type PasswordResets = ReturnType<typeof passwordResets>
