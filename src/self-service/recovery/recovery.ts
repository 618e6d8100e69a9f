import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { type ChosenPassword, checkChosenPassword } from '../../accounts/passwords/rules.ts'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { email, form, type Input, optional, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Session } from '../../nouns/session.ts'
import { hasUniqueEmails, type Space } from '../../nouns/space.ts'
import { closureOf, refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { parsePhone } from '../../protocols/e164.ts'
import type { Secrets } from '../../secrets.ts'
import type { SmsLimits } from '../../sms/limits.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { beginning, FLOW_LENGTH, ifThere, type Wanted } from './beginning.ts'
import { recoveryStore } from './store.ts'

export const EmailRecovery = form({ email: email(64), username: optional(text({ max: 64 })) })
export const PhoneRecovery = form({ phone: text({ max: 64 }) })

/** Until the answer has left for certain: what is done for an account would hold it up. */
const BEGIN_AFTER_MS = 300

/** A recovery that waits for its code. `email`: where the code went, if anywhere; null: to a phone. */
export interface Waiting {
  readonly flow: string
  readonly email: string | null
}

export type Answer =
  | { readonly outcome: 'right'; readonly session: string }
  | { readonly outcome: 'wrong'; readonly left: number; readonly waiting: Waiting }
  /** No guess: it was not counted. */
  | { readonly outcome: 'malformed'; readonly waiting: Waiting }
  | { readonly outcome: 'dead' }

/** No account's id. */
const NOBODY = 0
/** A guess that is never right, and is counted like any other. */
const NO_CODE = ''

/**
 * Back into an account by a code that its mailbox or its phone gets (behaviour/panel.md §3.6, behaviour/panel.md §3.7).
 * Whoever asks learns nothing about accounts: nobody's address, a blocked account and one that got too many codes are
 * answered alike, by a decoy that waits for a code which nobody has.
 */
export const recovery = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  spaces: SpaceDirectory
  accounts: Accounts
  passwords: Passwords
  accountTokens: AccountTokens
  codes: Codes
  sessions: Sessions
  limits: Limits
  outbox: Outbox
  phoneCountries: PhoneCountries
  /** Counts an SMS before it is queued; refuses with `rate_limited`. */
  smsLimits: SmsLimits
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, accounts, passwords, accountTokens, codes, sessions, limits, outbox, phoneCountries } =
    deps
  const { audit, log, now } = deps
  const store = recoveryStore(db)
  const begun = beginning({ ...deps, store })

  const record = securityRecords(log)

  const wellFormed = new RegExp(`^\\d{${config.CODE_DIGITS}}$`)

  /**
   * The same rows and statements whoever is asked for: whether that is anybody is looked at afterwards (`beginning.ts`), so that
   * the time of the answer does not tell.
   */
  const start = async (visit: Visit, wanted: Wanted): Promise<Waiting> => {
    const { space, address: ip, userAgent } = visit
    const flow = secrets.token(FLOW_LENGTH)
    const hashed = secrets.hash(flow)
    const email = wanted.via === 'email' ? wanted.email : null
    const token = wanted.via === 'phone' ? wanted.token : null
    const way =
      wanted.via === 'email'
        ? ({ via: 'email', username: wanted.username } as const)
        : ({ via: 'phone', token: wanted.token } as const)
    await db.transaction(async (tx) => {
      if (token !== null && !(await accountTokens.redeemRecovery(tx, visit, token))) {
        throw new AppError('forbidden', 'token.unknown')
      }
      await store.insert(
        tx,
        { spaceId: space.id, email, flow: hashed, code: begun.unguessable(), ip, userAgent },
        now(),
      )
      await outbox.add(tx, {
        channel: 'recovery',
        kind: 'wanted',
        spaceId: space.id,
        accountId: null,
        recipient: wanted.via === 'email' ? wanted.email : wanted.phone,
        language: visit.language,
        data: { ...way, flow: hashed, ip, user_agent: userAgent, rid: visit.id },
        expiresAt: codes.expiryOf('recovery', now()),
        delayMs: BEGIN_AFTER_MS,
      })
      // For whom is not known yet, and is no stranger's business.
      const about = { kind: 'message', id: null, name: null } as const
      await audit.record(tx, 'auth.recovery.started', { by: visit, space, about, detail: { via: wanted.via } })
    })
    return { flow, email }
  }

  /** One address may have several accounts. */
  const needsName = (space: Space): boolean => !hasUniqueEmails(config, space)

  return {
    needsName,
    /** Goes on where a request ended (`beginning.ts`). */
    channel: begun.channel,
    /** For the form that the app opens; looking at it spends nothing. */
    inspectToken: (visit: Visit, token: string) => accountTokens.inspectRecovery(visit, token, 'not_found'),

    byEmail: async (visit: Visit, input: Input<typeof EmailRecovery>): Promise<Waiting> => {
      const { space } = visit
      const isNamed = needsName(space)
      if (isNamed && input.isMissing('username')) input.refuse('username', { id: 'v.required' })
      const { email, username } = input.settle()
      await limits.recoveries.consume(visit.network)
      return start(visit, { via: 'email', email, username: isNamed ? (username?.toLowerCase() ?? null) : null })
    },

    /** The token comes before everything: without it nobody may even learn which numbers are well formed. */
    byPhone: async (visit: Visit, token: string, input: Input<typeof PhoneRecovery>): Promise<Waiting> => {
      await accountTokens.inspectRecovery(visit, token, 'forbidden')
      const parsed = parsePhone(input.settle().phone)
      if (parsed === null) throw invalid('phone', 'v.phone')
      const { callingCode, number: phone } = parsed
      if (!(await phoneCountries.openCallingCodes()).has(callingCode)) throw invalid('phone', 'v.phone_country')
      await limits.recoveries.consume(visit.network)
      return start(visit, { via: 'phone', phone, token })
    },

    /** One guess. The right one opens a session that may set a password. */
    confirm: async (visit: Visit, flow: string, code: string): Promise<Answer> => {
      const { space } = visit
      await limits.codes.check(visit.network)
      const { answer, account } = await db.transaction(async (tx) => {
        const found = await store.byFlow(tx, visit, secrets.hash(flow))
        if (found === null) return { answer: { outcome: 'dead' } as const, account: null }
        const { id, accountId, email } = found
        const waiting = { flow, email }
        if (!wellFormed.test(code)) return { answer: { outcome: 'malformed', waiting } as const, account: null }
        // A decoy is held, counted and looked at like an account, by statements that find nobody.
        await ifThere(accounts.holdWithSpace(tx, space, accountId ?? NOBODY))
        const isLookedAt = await begun.mayGuess(tx, accountId ?? NOBODY)
        const guessed = await codes.guess(tx, 'recovery', id, isLookedAt ? code : NO_CODE)
        const owner = (await ifThere(accounts.view(tx, space, accountId ?? NOBODY)))?.account ?? null
        if (guessed.outcome === 'wrong') return { answer: { ...guessed, waiting }, account: owner }
        const isRight = guessed.outcome === 'right' && owner !== null && closureOf(owner) === null
        if (!isRight) return { answer: { outcome: 'dead' } as const, account: owner }
        const session = await sessions.open(tx, owner, 'recovery', visit)
        await audit.record(tx, 'auth.code.ok', { by: visit, space, about: owner, detail: { kind: 'recovery' } })
        return { answer: { outcome: 'right', session } as const, account: owner }
      })
      if (answer.outcome === 'right' || answer.outcome === 'malformed') return answer
      if (answer.outcome === 'wrong') record('auth.code.fail', visit, account, { kind: 'recovery', left: answer.left })
      else record('auth.code.dead', visit, account, { kind: 'recovery' })
      await limits.codes.consume(visit.network)
      return answer
    },

    /** Ends the session, for exactly one caller. */
    setPassword: async (visit: Visit, session: Session, input: Input<typeof ChosenPassword>): Promise<void> => {
      const { space } = visit
      checkChosenPassword(input, config)
      const { password } = input.settle()
      const { id } = session.account
      await db.transaction(async (tx) => {
        await accounts.holdWithSpace(tx, space, id)
        if (!(await sessions.close(tx, session.id))) throw new AppError('forbidden', 'recovery.late')
        const how = { action: 'account.password', detail: { via: 'recovery' } } as const
        refuseClosed(await passwords.set(tx, space, id, password, visit, how))
      })
    },

    /** The password stays as it is, and the browser is signed in, with a new cookie; for exactly one caller. */
    keepPassword: async (visit: Visit, session: Session): Promise<string> => {
      const { space } = visit
      const { id } = session.account
      return db.transaction(async (tx) => {
        await accounts.holdWithSpace(tx, space, id)
        if (session.kind !== 'recovery' || !(await sessions.close(tx, session.id))) {
          throw new AppError('forbidden', 'recovery.late')
        }
        const { account } = await accounts.view(tx, space, id)
        refuseClosed(account)
        await audit.record(tx, 'auth.login.ok', { by: visit, space, about: account, detail: { via: 'recovery' } })
        return sessions.open(tx, account, 'panel', visit)
      })
    },
  }
}

export type Recovery = ReturnType<typeof recovery>
