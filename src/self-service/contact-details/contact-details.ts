import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView, Found } from '../../accounts/accounts/accounts.ts'
import type { Blocking } from '../../accounts/blocking/blocking.ts'
import { type Codes, type Guess, MOST_ATTEMPTS } from '../../accounts/codes/codes.ts'
import type { Notices } from '../../accounts/notices/notices.ts'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { email, form, type Input, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { maskedEmail, maskedPhone } from '../../logging/masking.ts'
import type { Caller } from '../../nouns/caller.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { parsePhone } from '../../protocols/e164.ts'
import { isSameEmail } from '../../protocols/email-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { SmsLimits } from '../../sms/limits.ts'
import { applying } from './applying.ts'
import { emailLinks } from './email-links.ts'
import { type Kind, pendingCodes, type Wanted } from './pending-codes.ts'
import { contactDetailsStore, type PhoneChange } from './store.ts'

export type { Pending, Wanted } from './pending-codes.ts'

export const WantedPhone = form({ phone: text({ max: 64 }) })
export const WantedEmail = form({ email: email(64) })
export const GivenCode = form({ code: text({ numbers: true }) })

/** Whose number or address it is to become. */
interface Owner {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly space: Space
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
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, accounts, accountTokens, blocking, codes, limits, phoneCountries, smsLimits, audit, log } = deps
  const store = contactDetailsStore(db)

  const waiting = pendingCodes({ ...deps, store })
  const applied = applying({ ...deps, store })
  const record = securityRecords(log)

  const noteSent = (tx: Tx, by: Visit, who: Owner, { kind, to }: Pick<Wanted, 'kind' | 'to'>): Promise<void> =>
    audit.record(tx, 'auth.code.sent', {
      by,
      space: who.space,
      about: who,
      detail: { kind },
      line: { to: kind === 'email' ? maskedEmail(to) : maskedPhone(to) },
    })

  /** Before anything of the request is looked at: a wrong number gets the same refusal (behaviour/accounts.md §5.1). */
  const admit = async (visit: Visit, caller: Caller): Promise<void> => {
    await blocking.check(visit, caller)
    // The panel asks a captcha instead (behaviour/panel.md §4.2).
    const mustBeValidated = config.REQUIRE_VALIDATED_ACCOUNT_FOR_CHANGES && caller.via !== 'session'
    if (mustBeValidated && !(await accountTokens.isValidated(db.read, caller.id))) {
      throw new AppError('forbidden', 'contact.not_validated')
    }
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
      if (caller.via === 'session') waiting.refuseTooSoon(await waiting.of(tx, caller.id, kind), wanted)
      await codes.refuseTooMany(tx, kind, caller.id)
      await codes.invalidate(tx, kind, caller.id)
      await work(tx, (await accounts.view(tx, caller.space, caller.id)).account)
      await noteSent(tx, visit, caller, wanted)
      return true
    })
    if (!isIssued) await blocking.check(visit, caller)
  }

  const isUsable = ({ attempts, createdAt }: PhoneChange) =>
    attempts < MOST_ATTEMPTS && !codes.isExpired('phone', createdAt)

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
      if (kept === null) return waiting.textCode(tx, visit, space, account, wanted)
      await waiting.keepCode(tx, visit, caller.id, kept)
    })
  }

  const requestEmail = async (visit: Visit, caller: Caller, input: Input<typeof WantedEmail>): Promise<void> => {
    await admit(visit, caller)
    const { space } = caller
    const { email } = input.settle()
    if (isSameEmail((await accounts.ofCaller(caller)).account.email, email)) throw invalid('email', 'v.same_email')
    if (await accounts.isTaken(db.read, space, caller.id, { email })) throw invalid('email', 'v.taken')
    const wanted = { kind: 'email', to: email } as const
    await issue(visit, caller, wanted, (tx, account) => waiting.mailCode(tx, visit, space, account, wanted))
  }

  /** For an administrator: another code to where the last one went, which is worth nothing then. */
  const sendAgain = async (visit: Visit, id: number, kind: Kind): Promise<void> => {
    const { space } = visit
    const { account: found } = await accounts.byId(space, id)
    const before = await waiting.pending(found, kind)
    if (before === null) throw new AppError('not_found', 'code.none')
    if (kind === 'phone') await smsLimits.admit({ phone: before.to, address: visit.address, space })
    await db.transaction(async (tx) => {
      await accounts.holdWithSpace(tx, space, id)
      const pending = await waiting.of(tx, id, kind)
      if (pending?.to !== before.to) throw new AppError('conflict', 'account.changed_meanwhile')
      const { to, resendSeconds: seconds } = pending
      if (seconds > 0) {
        throw new AppError('rate_limited', 'errors.rate_limited', { values: { seconds }, retryAfterSeconds: seconds })
      }
      if (await accounts.isTaken(tx, space, id, kind === 'email' ? { email: to } : { phone: to })) {
        throw new AppError('conflict', 'contact.taken')
      }
      await codes.refuseTooMany(tx, kind, id)
      await codes.invalidate(tx, kind, id)
      const { account } = await accounts.view(tx, space, id)
      await (kind === 'email' ? waiting.mailCode : waiting.textCode)(tx, visit, space, account, pending)
      await noteSent(tx, visit, { id, username: account.username, domain: account.domain, space }, { kind, to })
    })
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
      const pending = await waiting.row(tx, who.id, kind)
      if (pending === null) throw new AppError('not_found', 'code.none')
      const guessed = await compare(tx, kind, pending.id, code)
      if (guessed.outcome !== 'right') return guessed
      await complete(tx)
      const account = await ('email' in pending
        ? applied.applyEmail(tx, space, pending, visit)
        : applied.applyPhone(tx, space, pending))
      await accounts.announceUpdated(tx, visit, { account, space })
      const action = kind === 'phone' ? 'account.phone' : 'account.email'
      await audit.record(tx, action, { by: visit, space, about: who, changed: [kind], detail: { via: 'code' } })
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
    return { account: result, space }
  }

  const confirm = async (visit: Visit, who: Owner, kind: Kind, code: string, compare = codes.guess): Promise<Found> => {
    const guessed = await guess(visit, who, kind, code, undefined, compare)
    if (!('outcome' in guessed)) return guessed
    if (guessed.outcome === 'dead') throw new AppError('gone', 'code.dead')
    throw invalid('code', 'v.code')
  }

  return {
    requestPhone,
    requestEmail,
    sendAgain,
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
    pending: waiting.pending,
    issueUnknown: waiting.issueUnknown,
    ...emailLinks({ ...deps, store, applying: applied }),
  }
}

export type ContactDetails = ReturnType<typeof contactDetails>
