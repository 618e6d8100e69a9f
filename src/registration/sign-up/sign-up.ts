import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import { checkPhone, checkUsername } from '../../accounts/accounts/rules.ts'
import type { Codes, Guess } from '../../accounts/codes/codes.ts'
import { checkChosenPassword } from '../../accounts/passwords/rules.ts'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { anything, email, form, type Input, optional, text, type WithTexts } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { maskedEmail, maskedPhone } from '../../logging/masking.ts'
import { translate } from '../../messages/messages.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import { foldedEmail, isSameEmail } from '../../protocols/email-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { ContactDetails, Pending, Wanted } from '../../self-service/contact-details/contact-details.ts'
import type { SmsLimits } from '../../sms/limits.ts'

export const WantedEmail = form({ email: email(64), email_confirmation: text({ max: 64 }) })
export const WantedPhone = form({ phone: text({ max: 64 }) })

/** `admin` and `activated` are named to be refused: a stranger has no say in them. */
const common = {
  password: text({ numbers: true }),
  password_confirmation: text({ numbers: true }),
  terms: optional(anything()),
  admin: optional(anything()),
  activated: optional(anything()),
}
const username = { username: text({ max: 64, numbers: true }) }
export const EmailSignUp = form({ ...username, ...WantedEmail.properties, newsletter: optional(anything()), ...common })
export const PhoneSignUp = form({ ...username, ...WantedPhone.properties, ...common })

type AnySignUp = Input<typeof EmailSignUp> | Input<typeof PhoneSignUp>

/** What became of a guess at the code. */
export type Answer =
  | { readonly outcome: 'right'; readonly session: string }
  | Exclude<Guess, { readonly outcome: 'right' }>

/**
 * The sentence beside the box that subscribes to the Space's newsletter, as the visitor reads it; null: it has none.
 */
const newsletterOffer = ({ space, language }: Visit): string | null =>
  space.newsletterRegistrationAddress === null
    ? null
    : translate(language, { id: 'sign_up.newsletter', values: { space: space.name } })

/**
 * Somebody without an account makes one in a browser (behaviour/panel.md §3.3). It is activated by whoever gets the
 * code; until then the browser has a registration session, which is signed in nowhere. Whoever asks learns whether a
 * name is taken, but nothing about an address or a number that somebody has: it goes on alike, with a code that nobody
 * gets.
 */
export const signUp = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  accounts: Accounts
  accountTokens: AccountTokens
  codes: Codes
  contactDetails: ContactDetails
  sessions: Sessions
  limits: Limits
  phoneCountries: PhoneCountries
  /** Counts an SMS before it is queued; refuses with `rate_limited`. */
  smsLimits: SmsLimits
  /** Whether mails of this Space can leave at all. */
  mail: { canSend(spaceId: number): Promise<boolean> }
  audit: Audit
  log: Logging
}) => {
  const { config, db, secrets, accounts, accountTokens, codes, contactDetails, sessions, limits } = deps
  const { phoneCountries, smsLimits, mail, audit, log } = deps

  const write = securityRecords(log)
  const masked = ({ kind, to }: Wanted): string => (kind === 'email' ? maskedEmail(to) : maskedPhone(to))
  const noteSent = (tx: Tx, by: Visit, about: AccountView, wanted: Wanted): Promise<void> => {
    const detail = { kind: wanted.kind, via: 'registration' }
    return audit.record(tx, 'auth.code.sent', { by, space: by.space, about, detail, line: { to: masked(wanted) } })
  }
  /** Somebody has the address already: a code that nobody gets. */
  const recordHeld = (visit: Visit, account: AccountView, wanted: Wanted): void => {
    const facts = { kind: wanted.kind, to: masked(wanted), via: 'registration', reason: 'known_address' }
    write('auth.code.fail', visit, account, facts)
  }

  const checkEmail = (input: WithTexts<'email' | 'email_confirmation'>): void => {
    const { email_confirmation: again } = input.good
    if (again !== null && !isSameEmail(input.values.email, again)) {
      input.refuse('email_confirmation', { id: 'v.confirmed_email' })
    }
  }

  /** In E.164; null when there is none, or when it was refused. */
  const checkNumber = async (input: Input<typeof WantedPhone> | Input<typeof PhoneSignUp>): Promise<string | null> => {
    const open = await phoneCountries.openCallingCodes()
    return checkPhone(input, ({ callingCode }) => open.has(callingCode))
  }

  /** Before anything is written. A mailbox is counted too: strangers must not fill it. */
  const count = async (visit: Visit, { kind, to }: Wanted): Promise<void> => {
    const { space, address } = visit
    if (kind === 'phone') await smsLimits.admit({ phone: to, address, space })
    else await limits.registrationMails.consume(secrets.hash(`${space.id} ${foldedEmail(to)}`))
  }

  /** What both ways ask for. `to`: where the code goes. */
  const check = async (
    { space }: Visit,
    input: AnySignUp,
    to: { email: string | null } | { phone: string | null },
  ): Promise<void> => {
    for (const name of ['admin', 'activated'] as const) if (input.has(name)) input.refuse(name, { id: 'v.forbidden' })
    checkUsername(input, config, 'by anybody')
    checkChosenPassword(input, config, { username: input.values.username, ...to })
    const hasTerms = config.TERMS_OF_USE_URL !== null || config.PRIVACY_POLICY_URL !== null
    if (hasTerms && input.isMissing('terms')) input.refuse('terms', { id: 'v.accepted' })
    const { username } = input.good
    if (username !== null && (await accounts.isNameTaken(db.read, space, username))) {
      input.refuse('username', { id: 'v.taken' })
    }
  }

  const make = async (
    visit: Visit,
    { username, password }: { readonly username: string; readonly password: string },
    wanted: Wanted,
  ): Promise<string> => {
    const { space } = visit
    await limits.registrations.consume(visit.network)
    await count(visit, wanted)
    const own = {
      username,
      password,
      algorithm: space.digest?.defaultPasswordAlgorithm ?? 'SHA-256',
      dtmfProtocol: null,
      selfRegistered: true,
    } as const
    let opened = { session: '', isSent: false }
    const found = await accounts.makeOwn(visit, own, async (tx, id) => {
      const { account } = await accounts.view(tx, space, id)
      const isSent = await contactDetails.issueUnknown(tx, visit, account, wanted)
      if (isSent) await noteSent(tx, visit, account, wanted)
      opened = { session: await sessions.open(tx, account, 'registration', visit), isSent }
    })
    if (found === null) throw invalid('username', 'v.taken')
    if (!opened.isSent) recordHeld(visit, found.account, wanted)
    return opened.session
  }

  /** Another code, to the same address or another one; the code before it is worth nothing then. */
  const again = async (visit: Visit, session: Session, wanted: Wanted): Promise<void> => {
    const { space } = visit
    const { id } = session.account
    await count(visit, wanted)
    const held = await db.transaction(async (tx) => {
      await accounts.holdWithSpace(tx, space, id)
      await codes.refuseTooMany(tx, wanted.kind, id)
      const { account } = await accounts.view(tx, space, id)
      if (account.activated) throw new AppError('gone', 'sign_up.confirmed')
      const isSent = await contactDetails.issueUnknown(tx, visit, account, wanted)
      if (isSent) await noteSent(tx, visit, account, wanted)
      return isSent ? null : account
    })
    if (held !== null) recordHeld(visit, held, wanted)
  }

  return {
    refuseFull: ({ space }: Visit) => accounts.refuseFull(space),
    /** Refuses a page that this Space or installation has nothing behind; its switches were looked at before. */
    inspect: async ({ space }: Visit, kind: Wanted['kind']): Promise<void> => {
      await accounts.refuseFull(space)
      if (kind === 'email' && !(await mail.canSend(space.id))) throw new AppError('forbidden', 'sign_up.no_mail')
    },
    /** Resolves to the cookie of a browser that waits for its code. */
    byEmail: async (visit: Visit, input: Input<typeof EmailSignUp>): Promise<string> => {
      checkEmail(input)
      await check(visit, input, { email: input.values.email })
      const { email: to, newsletter, ...own } = input.settle()
      return make(visit, own, {
        kind: 'email',
        to,
        newsletterWording: newsletter === '1' ? newsletterOffer(visit) : null,
      })
    },
    byPhone: async (visit: Visit, input: Input<typeof PhoneSignUp>): Promise<string> => {
      const to = await checkNumber(input)
      await check(visit, input, { phone: to })
      const own = input.settle()
      if (to === null) throw invalid('phone', 'v.phone')
      return make(visit, own, { kind: 'phone', to })
    },
    againByEmail: async (visit: Visit, session: Session, input: Input<typeof WantedEmail>): Promise<void> => {
      checkEmail(input)
      const { email: to } = input.settle()
      await again(visit, session, { kind: 'email', to })
    },
    againByPhone: async (visit: Visit, session: Session, input: Input<typeof WantedPhone>): Promise<void> => {
      const to = await checkNumber(input)
      input.settle()
      if (to === null) throw invalid('phone', 'v.phone')
      await again(visit, session, { kind: 'phone', to })
    },
    newsletterOffer,
    /** Where the code went; null: nothing waits for one any more. */
    pending: async ({ account }: Session): Promise<Pending | null> =>
      (await contactDetails.pending(account, 'email')) ?? contactDetails.pending(account, 'phone'),
    /** One guess. The right one signs the browser in, with a new cookie. */
    confirm: async (visit: Visit, session: Session, kind: Wanted['kind'], code: string): Promise<Answer> => {
      const { space } = visit
      const { account } = session
      let opened = ''
      const owner = { id: account.id, username: account.username, domain: account.domain, space }
      const guessed = await contactDetails.guess(visit, owner, kind, code, async (tx) => {
        await sessions.close(tx, session.id)
        await accountTokens.vouch(tx, visit, account.id)
        opened = await sessions.open(tx, account, 'panel', visit)
      })
      return 'outcome' in guessed ? guessed : { outcome: 'right', session: opened }
    },
  }
}

export type SignUp = ReturnType<typeof signUp>
