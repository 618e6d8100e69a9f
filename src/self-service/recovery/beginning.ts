import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import { type Codes, MOST_ATTEMPTS } from '../../accounts/codes/codes.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Logging } from '../../logging/logging.ts'
import { maskedEmail, maskedPhone } from '../../logging/masking.ts'
import { causeOf, securityRecords } from '../../nouns/security-record.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import { closureOf } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Channel, MessageData, OutgoingMessage, RecoveryWanted } from '../../outbox/messages.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { parsePhone } from '../../protocols/e164.ts'
import { isSameEmail } from '../../protocols/email-address.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { SmsLimits } from '../../sms/limits.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import type { RecoveryStore } from './store.ts'

/** 256 bits in letters and digits. */
export const FLOW_LENGTH = 43

/** Codes of an account in a day, and how many of them may be guessed wrong to the end (behaviour/panel.md §1.4). */
const MOST_A_DAY = 6
const MOST_DEAD_A_DAY = 3
/**
 * Wrong guesses at all codes of an account in a day: one in nine hundred with four digits. They stand in the rows of the
 * codes, so neither another address nor a restart takes them back.
 */
const MOST_GUESSES_A_DAY = 10
const DAY_MS = 24 * 3_600_000

/** What somebody typed in to get back into an account. `token` is the app's right to ask for an SMS. */
export type Wanted =
  | { readonly via: 'email'; readonly email: string; readonly username: string | null }
  | { readonly via: 'phone'; readonly phone: string; readonly token: string }

/** What is remembered of the request. */
type Asked = Pick<Visit, 'space' | 'language' | 'address' | 'userAgent' | 'id'>

/** null for an account that is not there. */
export const ifThere = <T>(asking: Promise<T>): Promise<T | null> =>
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
 * What happens after a request for a code has been answered: whose account it is is looked at only now, so that the time
 * of the answer does not tell.
 */
export const beginning = (deps: {
  db: Db
  store: RecoveryStore
  secrets: Secrets
  spaces: SpaceDirectory
  accounts: Accounts
  accountTokens: AccountTokens
  codes: Codes
  outbox: Outbox
  smsLimits: SmsLimits
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { db, store, secrets, spaces, accounts, accountTokens, codes, outbox, smsLimits, audit, log, now } = deps
  const record = securityRecords(log)

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

  const send = (tx: Tx, visit: Asked, account: AccountView, wanted: Wanted, code: string): Promise<number | null> => {
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

  const find = async (space: Space, wanted: Wanted): Promise<number | null> => {
    if (wanted.via === 'phone') return store.byPhone(db.read, { space }, wanted.phone)
    const typed = wanted.username
    const name = typed === null ? null : { username: typed, phone: parsePhone(typed)?.number ?? typed }
    return store.byEmail(db.read, { space }, wanted.email, name)
  }

  /** Sends a code to whom it may concern; more than once for one request it does nothing. */
  const begin = async (asked: Asked, wanted: Wanted, flow: string): Promise<void> => {
    const to = wanted.via === 'email' ? maskedEmail(wanted.email) : maskedPhone(wanted.phone)
    const facts = { kind: 'recovery', via: wanted.via, to }
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
      if (isNew) {
        await send(tx, asked, found, wanted, code)
        const detail = { kind: 'recovery', via: wanted.via }
        const line = { ...causeOf(asked, found), by: null, to }
        await audit.record(tx, 'auth.code.sent', { by: { job: 'recovery' }, space, about: found, detail, line })
      }
      return { account: found, reason: isNew ? null : 'begun' }
    })
    if (reason !== null && reason !== 'begun') record('auth.code.fail', asked, account, { ...facts, reason })
  }

  return {
    unguessable,
    /** Whether more guesses at the codes of the account are looked at today. */
    mayGuess: async (tx: Tx, accountId: number): Promise<boolean> =>
      (await countToday(tx, accountId)).guesses < MOST_GUESSES_A_DAY,
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
  }
}
