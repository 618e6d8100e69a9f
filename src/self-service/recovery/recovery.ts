import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import { type Codes, MOST_ATTEMPTS } from '../../accounts/codes/codes.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { type ChosenPassword, checkChosenPassword } from '../../accounts/passwords/rules.ts'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { email, form, type Input, optional, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { maskedEmail, maskedPhone } from '../../logging/masking.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Session } from '../../nouns/session.ts'
import { hasUniqueEmails, languageOf, type Space } from '../../nouns/space.ts'
import { closureOf, refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Channel, MessageData, OutgoingMessage, RecoveryWanted } from '../../outbox/messages.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { parsePhone } from '../../protocols/e164.ts'
import { isSameEmail } from '../../protocols/email-address.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { SmsLimits } from '../../sms/limits.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { recoveryStore } from './store.ts'

export const EmailRecovery = form({ email: email(64), username: optional(text({ max: 64 })) })
export const PhoneRecovery = form({ phone: text({ max: 64 }) })

/** 256 bits in letters and digits. */
const FLOW_LENGTH = 43

/** Codes of an account in a day, and how many of them may be guessed wrong to the end (behaviour/panel.md §1.4). */
const MOST_A_DAY = 6
const MOST_DEAD_A_DAY = 3
/**
 * Wrong guesses at all codes of an account in a day: one in nine hundred with four digits. They stand in the rows of the
 * codes, so neither another address nor a restart takes them back.
 */
const MOST_GUESSES_A_DAY = 10
const DAY_MS = 24 * 3_600_000

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

/** What somebody typed in to get back into an account. `token` is the app's right to ask for an SMS. */
type Wanted =
  | { readonly via: 'email'; readonly email: string; readonly username: string | null }
  | { readonly via: 'phone'; readonly phone: string; readonly token: string }

/** What is remembered of the request. */
type Asked = Pick<Visit, 'space' | 'language' | 'address' | 'userAgent' | 'id'>

/** No account's id. */
const NOBODY = 0
/** Never right, and counted like any other guess. */
const NO_CODE = ''

/** null for an account that is not there. */
const ifThere = <T>(asking: Promise<T>): Promise<T | null> =>
  asking.catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return null
    throw error
  })

/** The account may have changed since it was looked for. */
const isReachedBy = (account: AccountView, wanted: Wanted): boolean =>
  wanted.via === 'email'
    ? isSameEmail(account.email, wanted.email)
    : account.username === wanted.phone || account.phone === wanted.phone

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
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, spaces, accounts, accountTokens, codes, sessions, limits, outbox, phoneCountries } = deps
  const { passwords, smsLimits, log, now } = deps
  const store = recoveryStore(db)

  const record = securityRecords(log)

  const wellFormed = new RegExp(`^\\d{${config.CODE_DIGITS}}$`)

  /** The code of a row for which no code is right: nobody can type it. */
  const unguessable = (): string => codes.seal(secrets.token(FLOW_LENGTH))

  /** False for too many, which is nothing that a stranger may be told. */
  const isAdmitted = (asking: Promise<void>): Promise<boolean> =>
    asking.then(
      () => true,
      (refusal: unknown) => {
        if (refusal instanceof AppError && refusal.code === 'rate_limited') return false
        throw refusal
      },
    )

  const countToday = (tx: Tx, accountId: number) =>
    store.countSince(tx, accountId, new Date(now().getTime() - DAY_MS), MOST_ATTEMPTS)

  /** Why the account gets no code, in one word for the log; null: it gets one. */
  const objection = async (tx: Tx, account: AccountView): Promise<string | null> => {
    const closure = closureOf(account)
    if (closure !== null) return closure
    const { issued, dead, guesses } = await countToday(tx, account.id)
    if (issued >= MOST_A_DAY || dead >= MOST_DEAD_A_DAY) return 'too_many_codes'
    if (guesses >= MOST_GUESSES_A_DAY) return 'too_many_guesses'
    return (await isAdmitted(codes.refuseTooMany(tx, 'recovery', account.id))) ? null : 'too_many_codes'
  }

  const send = (tx: Tx, visit: Asked, account: AccountView, wanted: Wanted, code: string): Promise<boolean> => {
    const { space } = visit
    const at = now()
    const expires_minutes = codes.lifetimeMinutes.recovery
    const common = {
      spaceId: space.id,
      accountId: account.id,
      language: languageOf(account, space, visit.language),
      expiresAt: codes.expiryOf('recovery', at),
      supersedes: true,
    }
    if (wanted.via === 'phone') {
      const data = { code, expires_minutes }
      return outbox.add(tx, { ...common, channel: 'sms', kind: 'recovery_code', recipient: wanted.phone, data })
    }
    const identifier = { 'account.identifier': addressOfRecord(account) }
    const data = { ...identifier, code, expires_minutes, attempts: MOST_ATTEMPTS, ip: visit.address }
    // As the account has it, however it was typed just now.
    const recipient = account.email ?? wanted.email
    return outbox.add(tx, { ...common, channel: 'mail', kind: 'recovery_code', recipient, data })
  }

  /**
   * The same rows and statements whoever is asked for: whether that is anybody is looked at afterwards (`begin`), so that
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
      await store.insert(tx, { spaceId: space.id, email, flow: hashed, code: unguessable(), ip, userAgent }, now())
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
    })
    if (token !== null) accountTokens.recordRedeemed(visit, token, 'recovery')
    return { flow, email }
  }

  const find = async (space: Space, wanted: Wanted): Promise<number | null> => {
    if (wanted.via === 'phone') return store.byPhone(db.read, { space }, wanted.phone)
    const typed = wanted.username
    const name = typed === null ? null : { username: typed, phone: parsePhone(typed)?.number ?? typed }
    return store.byEmail(db.read, { space }, wanted.email, name)
  }

  /** Sends a code to whom it may concern; more than once for one request it does nothing. */
  const begin = async (asked: Asked, wanted: Wanted, flow: string): Promise<void> => {
    const { space, address } = asked
    const id = await find(space, wanted)
    const isSmsAdmitted =
      wanted.via === 'email' ||
      id === null ||
      (await isAdmitted(smsLimits.admit({ phone: wanted.phone, address, space })))
    const { account, reason } = await db.transaction(async (tx) => {
      if (id !== null) await ifThere(accounts.holdWithSpace(tx, space, id))
      const held = id === null ? null : await ifThere(accounts.view(tx, space, id))
      const found = held !== null && isReachedBy(held.account, wanted) ? held.account : null
      if (found === null) return { account: null, reason: 'unknown_account' }
      if (wanted.via === 'phone') await accountTokens.creditRecovery(tx, space, wanted.token, found.id)
      const refused = isSmsAdmitted ? await objection(tx, found) : 'too_many_messages'
      if (refused !== null) return { account: found, reason: refused }
      const code = codes.make()
      // Older codes stop being right, not being asked for: whose a flow is must not show when another one begins.
      await store.replacePending(tx, found.id, unguessable(), now())
      const phone = wanted.via === 'phone' ? wanted.phone : null
      const isNew = await store.begin(tx, flow, { accountId: found.id, phone, code: codes.seal(code), at: now() })
      if (isNew) await send(tx, asked, found, wanted, code)
      return { account: found, reason: isNew ? null : 'begun' }
    })
    const to = wanted.via === 'email' ? maskedEmail(wanted.email) : maskedPhone(wanted.phone)
    const facts = { kind: 'recovery', via: wanted.via, to }
    if (reason === null) record('auth.code.sent', asked, account, facts)
    else if (reason !== 'begun') record('auth.code.fail', asked, account, { ...facts, reason })
  }

  /** One address may have several accounts. */
  const needsName = (space: Space): boolean => !hasUniqueEmails(config, space)

  return {
    needsName,
    /** Goes on where a request ended; the outbox sees to it that this happens, also after a crash. */
    channel: {
      id: 'recovery',
      dispatch: async ({ spaceId, recipient, language, data }: OutgoingMessage): Promise<void> => {
        const space = spaceId === null ? null : await spaces.byId(spaceId)
        if (space === null) return
        const asked = data as MessageData & RecoveryWanted
        const { flow, ip: address, user_agent: userAgent, rid: id } = asked
        const wanted: Wanted =
          asked.via === 'email'
            ? { via: asked.via, email: recipient, username: asked.username }
            : { via: asked.via, phone: recipient, token: asked.token }
        await begin({ space, language, address, userAgent, id }, wanted, flow)
      },
      close: async () => {},
    } satisfies Channel,
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
        const { guesses } = await countToday(tx, accountId ?? NOBODY)
        const guessed = await codes.guess(tx, 'recovery', id, guesses < MOST_GUESSES_A_DAY ? code : NO_CODE)
        const owner = (await ifThere(accounts.view(tx, space, accountId ?? NOBODY)))?.account ?? null
        if (guessed.outcome === 'wrong') return { answer: { ...guessed, waiting }, account: owner }
        const isRight = guessed.outcome === 'right' && owner !== null && closureOf(owner) === null
        if (!isRight) return { answer: { outcome: 'dead' } as const, account: owner }
        const session = await sessions.open(tx, owner, 'recovery', visit)
        return { answer: { outcome: 'right', session } as const, account: owner }
      })
      if (answer.outcome === 'right') {
        record('auth.code.ok', visit, account, { kind: 'recovery' })
        return answer
      }
      if (answer.outcome === 'malformed') return answer
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
      const { account, revoked } = await db.transaction(async (tx) => {
        await accounts.holdWithSpace(tx, space, id)
        if (!(await sessions.close(tx, session.id))) throw new AppError('forbidden', 'recovery.late')
        const changed = await passwords.set(tx, space, id, password, visit)
        refuseClosed(changed.account)
        return changed
      })
      record('account.password', visit, account, { via: 'recovery' })
      sessions.recordRevoked(visit, account, revoked)
    },

    /** The password stays as it is, and the browser is signed in, with a new cookie; for exactly one caller. */
    keepPassword: async (visit: Visit, session: Session): Promise<string> => {
      const { space } = visit
      const { id } = session.account
      const { account, opened } = await db.transaction(async (tx) => {
        await accounts.holdWithSpace(tx, space, id)
        if (session.kind !== 'recovery' || !(await sessions.close(tx, session.id))) {
          throw new AppError('forbidden', 'recovery.late')
        }
        const { account } = await accounts.view(tx, space, id)
        refuseClosed(account)
        return { account, opened: await sessions.open(tx, account, 'panel', visit) }
      })
      record('auth.login.ok', visit, account, { via: 'recovery' })
      return opened
    },
  }
}

export type Recovery = ReturnType<typeof recovery>
