import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Notices } from '../../accounts/notices/notices.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { invalid } from '../../errors.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { isSameEmail } from '../../protocols/email-address.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { ContactDetailsStore } from './store.ts'

export const LINK_LENGTH = 32

/** A person may have another code sent to the same place so long after the one before it (behaviour/panel.md §4.2). */
const RESEND_AFTER_MS = 60_000

export type Kind = 'email' | 'phone'

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

/** The codes that wait for whoever shall have a number or an address, and the mails and SMS that carry them. */
export const pendingCodes = (deps: {
  config: Config
  db: Db
  store: ContactDetailsStore
  secrets: Secrets
  accounts: Accounts
  codes: Codes
  notices: Notices
  outbox: Outbox
  now: () => Date
}) => {
  const { config, db, store, secrets, accounts, codes, notices, outbox, now } = deps

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

  const byOf = (visit: Visit) => ({ ip: visit.address, userAgent: visit.userAgent })

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

  return {
    /** The row of what waits for its code. */
    row: pendingRow,
    of: pendingOf,
    refuseTooSoon,
    mailCode,
    textCode,
    /** The code that a phone has got already waits anew, with the guesses that were made at it. */
    keepCode: (
      tx: Tx,
      visit: Visit,
      accountId: number,
      { phone, code, attempts }: { phone: string; code: string; attempts: number },
    ) => store.insertPhone(tx, { accountId, phone, code, attempts, ...byOf(visit) }, now()),
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
  }
}

export type PendingCodes = ReturnType<typeof pendingCodes>
