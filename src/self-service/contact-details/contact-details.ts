import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView, Found } from '../../accounts/accounts/accounts.ts'
import type { Blocking } from '../../accounts/blocking/blocking.ts'
import { type Codes, type Guess, MOST_ATTEMPTS } from '../../accounts/codes/codes.ts'
import type { Notices } from '../../accounts/notices/notices.ts'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { email, form, type Input, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { maskedEmail, maskedPhone } from '../../logging/masking.ts'
import type { Caller } from '../../nouns/caller.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { parsePhone } from '../../protocols/e164.ts'
import { isSameEmail } from '../../protocols/email-address.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { SmsLimits } from '../../sms/limits.ts'
import { contactDetailsStore, type EmailChange, type PhoneChange } from './store.ts'

export const WantedPhone = form({ phone: text({ max: 64 }) })
export const WantedEmail = form({ email: email(64) })
export const GivenCode = form({ code: text({ numbers: true }) })

const LINK_LENGTH = 32
const UNDO_FOR_MS = 72 * 3_600_000

/** A person may have another code sent to the same place so long after the one before it (behaviour/panel.md §4.2). */
const RESEND_AFTER_MS = 60_000

/** Whose number or address it is to become. */
interface Owner {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly space: Space
}

type Kind = 'email' | 'phone'

/** An address or a number that an account shall have. */
export interface Wanted {
  readonly kind: Kind
  readonly to: string
  /** The sentence that was ticked to get the newsletter there. */
  readonly newsletterWording?: string | null
}

/** It waits for its code. */
export interface Pending extends Wanted {
  /** Until another one may be sent to the same place. */
  readonly resendSeconds: number
}

type WrongGuess = Exclude<Guess, { readonly outcome: 'right' }>

/**
 * The phone number and e-mail address of an account (behaviour/accounts.md §5): changed by whoever can read what is
 * sent to the new one.
 */
export const contactDetails = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  accounts: Accounts
  accountTokens: AccountTokens
  blocking: Blocking
  codes: Codes
  limits: Limits
  notices: Notices
  outbox: Outbox
  phoneCountries: PhoneCountries
  sessions: Sessions
  smsLimits: SmsLimits
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, accounts, blocking, codes, limits, notices, outbox, log, now } = deps
  const { phoneCountries, accountTokens, sessions, smsLimits } = deps
  const store = contactDetailsStore(db)

  const record = securityRecords(log)

  /** Before anything of the request is looked at: a wrong number gets the same refusal (behaviour/accounts.md §5.1). */
  const admit = async (visit: Visit, caller: Caller): Promise<void> => {
    await blocking.check(visit, caller)
    // The panel asks a captcha instead (behaviour/panel.md §4.2).
    const mustBeValidated = config.REQUIRE_VALIDATED_ACCOUNT_FOR_CHANGES && caller.via !== 'session'
    if (mustBeValidated && !(await accountTokens.isValidated(db.read, caller.id))) {
      throw new AppError('forbidden', 'contact.not_validated')
    }
  }

  const pendingRow = (on: Reader, accountId: number, kind: Kind) =>
    kind === 'email' ? store.pendingEmail(on, accountId) : store.pendingPhone(on, accountId)

  const pendingOf = async (on: Reader, accountId: number, kind: Kind): Promise<Pending | null> => {
    const row = await pendingRow(on, accountId, kind)
    if (row === null) return null
    const waitMs = row.createdAt.getTime() + RESEND_AFTER_MS - now().getTime()
    const resendSeconds = Math.max(0, Math.ceil(waitMs / 1000))
    return 'email' in row
      ? { kind, to: row.email, newsletterWording: row.newsletterWording, resendSeconds }
      : { kind, to: row.phone, newsletterWording: null, resendSeconds }
  }

  /** Refuses a second code to the same place within a minute. */
  const refuseTooSoon = (pending: Pending | null, { kind, to }: Wanted): void => {
    if (pending === null || !isSameEmail(pending.to, to) || pending.resendSeconds === 0) return
    throw invalid(kind, 'contact.too_soon', { count: pending.resendSeconds })
  }

  /** `work` runs while the account is held and may still get a code; whoever has asked too often is blocked instead. */
  const issue = async (
    visit: Visit,
    caller: Caller,
    wanted: Wanted,
    work: (tx: Tx, account: AccountView) => Promise<void>,
  ): Promise<void> => {
    const { kind } = wanted
    const isIssued = await db.transaction(async (tx) => {
      await accounts.holdWithSpace(tx, caller.space, caller.id)
      if (await blocking.isSuspicious(tx, caller)) return false
      // Apps ask as often as the reference lets them.
      if (caller.via === 'session') refuseTooSoon(await pendingOf(tx, caller.id, kind), wanted)
      await codes.refuseTooMany(tx, kind, caller.id)
      await codes.invalidate(tx, kind, caller.id)
      await work(tx, (await accounts.view(tx, caller.space, caller.id)).account)
      return true
    })
    if (!isIssued) await blocking.check(visit, caller)
  }

  const byOf = (visit: Visit) => ({ ip: visit.address, userAgent: visit.userAgent })
  const isUsable = ({ attempts, createdAt }: PhoneChange) =>
    attempts < MOST_ATTEMPTS && !codes.isExpired('phone', createdAt)

  /** A code that waits for the account, and the mail or SMS that carries it. */
  const mailCode = async (tx: Tx, visit: Visit, space: Space, account: AccountView, wanted: Wanted): Promise<void> => {
    const { to: email, newsletterWording = null } = wanted
    const code = codes.make()
    const link = secrets.token(LINK_LENGTH)
    const row = { accountId: account.id, email, newsletterWording, code: codes.seal(code), hash: secrets.hash(link) }
    await store.insertEmail(tx, { ...row, ...byOf(visit) }, now())
    await outbox.add(tx, {
      channel: 'mail',
      kind: 'email_code',
      spaceId: space.id,
      accountId: account.id,
      recipient: email,
      language: languageOf(account, space, visit.language),
      data: {
        'account.identifier': addressOfRecord(account),
        code,
        code_link: `${visit.baseUrl(space)}${config.BASE_PATH}/email/confirm/${link}`,
        expires_minutes: codes.lifetimeMinutes.email,
        is_registration: account.email === null,
      },
      expiresAt: codes.expiryOf('email', now()),
      supersedes: true,
    })
  }

  const textCode = async (tx: Tx, visit: Visit, space: Space, account: AccountView, wanted: Wanted): Promise<void> => {
    const { to: phone } = wanted
    const code = codes.make()
    const row = { accountId: account.id, phone, code: codes.seal(code), attempts: 0 }
    await store.insertPhone(tx, { ...row, ...byOf(visit) }, now())
    await outbox.add(tx, {
      channel: 'sms',
      kind: 'phone_code',
      spaceId: space.id,
      accountId: account.id,
      recipient: phone,
      language: languageOf(account, space, visit.language),
      data: { code, expires_minutes: codes.lifetimeMinutes.phone },
      expiresAt: codes.expiryOf('phone', now()),
      supersedes: true,
    })
  }

  const requestPhone = async (visit: Visit, caller: Caller, input: Input<typeof WantedPhone>): Promise<void> => {
    await admit(visit, caller)
    const { space } = caller
    const parsed = parsePhone(input.settle().phone)
    if (parsed === null) throw invalid('phone', 'v.phone')
    const { callingCode, number: phone } = parsed
    if (!(await phoneCountries.openCallingCodes()).has(callingCode)) throw invalid('phone', 'v.phone_country')
    if (await accounts.isTaken(db.read, space, caller.id, { phone })) throw invalid('phone', 'v.taken')

    // Too many SMS: the code that the phone has got already goes on being good.
    const kept = await smsLimits.admit({ phone, address: visit.address, space }).then(
      () => null,
      async (refusal: unknown) => {
        const pending = await store.pendingPhone(db.read, caller.id)
        if (pending?.phone !== phone || !isUsable(pending)) throw refusal
        return pending
      },
    )
    const wanted = { kind: 'phone', to: phone } as const
    await issue(visit, caller, wanted, async (tx, account) => {
      if (kept === null) return textCode(tx, visit, space, account, wanted)
      const row = { accountId: caller.id, phone, code: kept.code, attempts: kept.attempts }
      await store.insertPhone(tx, { ...row, ...byOf(visit) }, now())
    })
    record('auth.code.sent', visit, caller, { kind: 'phone', to: maskedPhone(phone) })
  }

  const requestEmail = async (visit: Visit, caller: Caller, input: Input<typeof WantedEmail>): Promise<void> => {
    await admit(visit, caller)
    const { space } = caller
    const { email } = input.settle()
    if (isSameEmail((await accounts.ofCaller(caller)).account.email, email)) throw invalid('email', 'v.same_email')
    if (await accounts.isTaken(db.read, space, caller.id, { email })) throw invalid('email', 'v.taken')
    const wanted = { kind: 'email', to: email } as const
    await issue(visit, caller, wanted, (tx, account) => mailCode(tx, visit, space, account, wanted))
    record('auth.code.sent', visit, caller, { kind: 'email', to: maskedEmail(email) })
  }

  /** Whoever writes the Space's newsletter learns of a reader, now that the address is known to be theirs. */
  const subscribe = async (tx: Tx, space: Space, { email, newsletterWording, createdAt }: EmailChange) => {
    const recipient = space.newsletterRegistrationAddress
    if (newsletterWording === null || recipient === null) return
    await outbox.add(tx, {
      channel: 'mail',
      kind: 'newsletter',
      spaceId: space.id,
      accountId: null,
      recipient,
      language: space.locale ?? 'en',
      data: { email, wording: newsletterWording, time: createdAt.toISOString() },
    })
  }

  /** Stores the new address, and tells the old one how to bring it back. */
  const applyEmail = async (tx: Tx, space: Space, change: EmailChange, visit: Visit): Promise<AccountView> => {
    const { account: before } = await accounts.view(tx, space, change.accountId)
    refuseClosed(before)
    if (!(await accounts.setContact(tx, space, change.accountId, { email: change.email }))) {
      throw invalid('email', 'v.taken')
    }
    const isMoved = before.email !== null && !isSameEmail(before.email, change.email)
    const undo = isMoved ? secrets.token(LINK_LENGTH) : null
    await store.keepUndo(tx, change.id, before.email, undo === null ? null : secrets.hash(undo), now())
    if (undo !== null) await notices.emailChanged(tx, space, before, visit, { to: change.email, undo })
    await subscribe(tx, space, change)
    return (await accounts.view(tx, space, change.accountId)).account
  }

  const applyPhone = async (tx: Tx, space: Space, change: PhoneChange): Promise<AccountView> => {
    refuseClosed((await accounts.view(tx, space, change.accountId)).account)
    if (!(await accounts.setContact(tx, space, change.accountId, { phone: change.phone }))) {
      throw invalid('phone', 'v.taken')
    }
    return (await accounts.view(tx, space, change.accountId)).account
  }

  const checkCode = (input: Input<typeof GivenCode>): string => {
    const { code } = input.values
    if (code !== null && !(code.length === config.CODE_DIGITS && /^\d+$/.test(code))) {
      input.refuse('code', { id: 'v.digits', values: { count: config.CODE_DIGITS } })
    }
    return input.settle().code
  }

  /**
   * One guess at the account's pending code; the account with the new number or address when it is right. `complete`
   * belongs to the same transaction; `compare` is how the guess counts.
   */
  const guess = async (
    visit: Visit,
    who: Owner,
    kind: Kind,
    code: string,
    complete: (tx: Tx) => Promise<void> = async () => {},
    compare = codes.guess,
  ): Promise<Found | WrongGuess> => {
    const { space } = who
    await limits.codes.check(visit.network)
    const result = await db.transaction(async (tx) => {
      await accounts.holdWithSpace(tx, space, who.id)
      const pending = await pendingRow(tx, who.id, kind)
      if (pending === null) throw new AppError('not_found', 'code.none')
      const guessed = await compare(tx, kind, pending.id, code)
      if (guessed.outcome !== 'right') return guessed
      await complete(tx)
      const account = await ('email' in pending
        ? applyEmail(tx, space, pending, visit)
        : applyPhone(tx, space, pending))
      await accounts.announceUpdated(tx, visit, { account, space })
      return account
    })
    if ('outcome' in result) {
      if (result.outcome === 'dead') record('auth.code.dead', visit, who, { kind })
      else {
        record('auth.code.fail', visit, who, { kind, left: result.left })
        await limits.codes.consume(visit.network)
      }
      return result
    }
    record(kind === 'phone' ? 'account.phone' : 'account.email', visit, who, { via: 'code' })
    return { account: result, space }
  }

  const confirm = async (visit: Visit, who: Owner, kind: Kind, code: string, compare = codes.guess): Promise<Found> => {
    const guessed = await guess(visit, who, kind, code, undefined, compare)
    if (!('outcome' in guessed)) return guessed
    if (guessed.outcome === 'dead') throw new AppError('gone', 'code.dead')
    throw invalid('code', 'v.code')
  }

  const findByLink = async (on: Reader, space: Space, link: string): Promise<EmailChange> => {
    const change = link.length === LINK_LENGTH ? await store.pendingByLink(on, space, secrets.hash(link)) : null
    if (change === null) throw new AppError('not_found', 'email.link_unknown')
    if (codes.isExpired('email', change.createdAt) || change.attempts >= MOST_ATTEMPTS) {
      throw new AppError('gone', 'code.dead')
    }
    return change
  }

  const findUndo = async (on: Reader, space: Space, link: string): Promise<EmailChange & { previousEmail: string }> => {
    const change = link.length === LINK_LENGTH ? await store.byUndo(on, space, secrets.hash(link)) : null
    const { previousEmail = null } = change ?? {}
    if (change === null || previousEmail === null) throw new AppError('not_found', 'email.link_unknown')
    if ((change.confirmedAt?.getTime() ?? 0) + UNDO_FOR_MS < now().getTime())
      throw new AppError('gone', 'email.undo_late')
    return { ...change, previousEmail }
  }

  return {
    requestPhone,
    requestEmail,
    confirmPhone: (visit: Visit, caller: Caller, input: Input<typeof GivenCode>) =>
      confirm(visit, caller, 'phone', checkCode(input)),
    confirmEmail: (visit: Visit, caller: Caller, input: Input<typeof GivenCode>) =>
      confirm(visit, caller, 'email', checkCode(input)),
    /** For whoever is not signed in and has the code (behaviour/legacy.md §4); the caller limits guesses. */
    confirmPhoneOf: (visit: Visit, { account, space }: Found, code: string) => {
      const who = { id: account.id, username: account.username, domain: account.domain, space }
      return confirm(visit, who, 'phone', code, codes.guessOfStranger)
    },
    /** For pages, which say how many guesses are left. */
    guess,
    /** What waits for its code, and where that went. */
    pending: ({ id }: { readonly id: number }, kind: Kind): Promise<Pending | null> => pendingOf(db.read, id, kind),
    /**
     * The code of an account whose owner nobody knows yet, while it is held; the one before it is worth nothing then.
     * An address or number that somebody has gets none: the account waits for a code that nobody knows, and whoever has
     * the address learns of it. False in that case, which is nothing that a stranger may be told.
     */
    issueUnknown: async (tx: Tx, visit: Visit, account: AccountView, wanted: Wanted): Promise<boolean> => {
      const { space } = visit
      const { kind, to } = wanted
      const before = await pendingOf(tx, account.id, kind)
      refuseTooSoon(before, wanted)
      // Ticked once, wherever the code goes in the end.
      const newsletterWording = wanted.newsletterWording ?? before?.newsletterWording ?? null
      await codes.invalidate(tx, 'email', account.id)
      await codes.invalidate(tx, 'phone', account.id)
      const isTaken = await accounts.isTaken(tx, space, account.id, kind === 'email' ? { email: to } : { phone: to })
      if (!isTaken) {
        await (kind === 'email' ? mailCode : textCode)(tx, visit, space, account, { ...wanted, newsletterWording })
        return true
      }
      const decoy = { accountId: account.id, code: codes.seal(secrets.token(LINK_LENGTH)), ...byOf(visit) }
      if (kind === 'phone') await store.insertPhone(tx, { ...decoy, phone: to, attempts: 0 }, now())
      else {
        await store.insertEmail(tx, { ...decoy, email: to, newsletterWording, hash: null }, now())
        await notices.registrationAttempted(tx, space, await accounts.ownerOf(tx, space, to), visit)
      }
      return false
    },
    /** What the page of a mail's link shows; confirms nothing. */
    inspectLink: async (visit: Visit, link: string): Promise<{ email: string }> =>
      findByLink(db.read, visit.space, link),
    /** Whoever has the link reads the mailbox: no code and no session are needed. */
    confirmByLink: async (visit: Visit, link: string): Promise<void> => {
      const { space } = visit
      const account = await db.transaction(async (tx) => {
        const { accountId } = await findByLink(tx, space, link)
        await accounts.holdWithSpace(tx, space, accountId)
        const change = await findByLink(tx, space, link)
        await codes.confirm(tx, 'email', change.id)
        const { account: before } = await accounts.view(tx, space, accountId)
        if (!before.activated) await accountTokens.vouch(tx, visit, accountId)
        const changed = await applyEmail(tx, space, change, visit)
        await accounts.announceUpdated(tx, visit, { account: changed, space })
        return changed
      })
      record('account.email', visit, account, { via: 'link' })
    },
    inspectUndo: async (visit: Visit, link: string): Promise<{ previousEmail: string }> =>
      findUndo(db.read, visit.space, link),
    /** The address before the change is the account's again, and whoever is signed in no longer is. */
    undoEmail: async (visit: Visit, link: string): Promise<void> => {
      const { space } = visit
      const { account, revoked } = await db.transaction(async (tx) => {
        const { accountId } = await findUndo(tx, space, link)
        await accounts.holdWithSpace(tx, space, accountId)
        const change = await findUndo(tx, space, link)
        const { account: current } = await accounts.view(tx, space, accountId)
        refuseClosed(current)
        // Somebody has moved on since: the newer notice's link is the one that counts.
        if (!isSameEmail(current.email, change.email)) throw new AppError('gone', 'email.undo_late')
        if (!(await store.spendUndo(tx, change.id, now()))) throw new AppError('not_found', 'email.link_unknown')
        if (!(await accounts.setContact(tx, space, accountId, { email: change.previousEmail }))) {
          throw new AppError('conflict', 'email.undo_taken')
        }
        await codes.invalidate(tx, 'email', accountId)
        const revoked = await accounts.signOut(tx, accountId)
        const { account } = await accounts.view(tx, space, accountId)
        await accounts.announceUpdated(tx, visit, { account, space })
        return { account, revoked }
      })
      record('account.email', visit, account, { via: 'undo' })
      sessions.recordRevoked(visit, account, revoked)
    },
  }
}

export type ContactDetails = ReturnType<typeof contactDetails>
