import type { KnownBrowsers } from '../../access/known-browsers/known-browsers.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { form, type Input, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { type Role, roleOf } from '../../nouns/caller.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Session } from '../../nouns/session.ts'
import type { Space } from '../../nouns/space.ts'
import { closureOf } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import { parsePhone } from '../../protocols/e164.ts'
import { parseAddressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { AuthTokens } from '../auth-tokens/auth-tokens.ts'
import { type Identifier, signInStore } from './store.ts'

export const Credentials = form({ username: text({ max: 255 }), password: text({ max: 1024, numbers: true }) })

const RECENT_MS = 15 * 60_000

/** How long a stranger waits for an answer where too many guess. */
const SLOW_MS = 3000

/** `session` is the value of its cookie, `browser` the whole cookie by which the browser is known from now on. */
interface SignedIn {
  readonly session: string
  readonly browser: string
  readonly role: Role
}

export type Answer =
  | ({ readonly outcome: 'signed_in' } & SignedIn)
  | { readonly outcome: 'wrong' }
  /** Only whoever knows the password learns it. */
  | { readonly outcome: 'blocked' | 'switched_off' }

/** What somebody may guess. */
interface Budget {
  /** Counts one, before it is looked at; refuses with `rate_limited`. */
  count(): Promise<void>
  /** Takes back what was counted: the guess was right. */
  giveBack(): Promise<void>
}

/** People who sign in to the panel, and out of it (behaviour/panel.md §3.1). */
export const signIn = (deps: {
  db: Db
  secrets: Secrets
  accounts: Accounts
  passwords: Passwords
  authTokens: AuthTokens
  sessions: Sessions
  limits: Limits
  knownBrowsers: KnownBrowsers
  audit: Audit
  log: Logging
  now: () => Date
  pause: (ms: number) => Promise<void>
}) => {
  const { db, secrets, accounts, passwords, authTokens, sessions, limits, knownBrowsers, audit, log, now, pause } = deps
  const store = signInStore(db)

  const record = securityRecords(log)

  /** `somebody`, `somebody@sip.example.org`, a phone number in any notation, or an e-mail address. */
  const identifierOf = (typed: string, { domain }: Space): Identifier => {
    const plain = typed.toLowerCase()
    const address = parseAddressOfRecord(plain)
    return {
      username: address?.domain === domain ? address.user : plain,
      phone: parsePhone(typed)?.number ?? '',
      email: typed.includes('@') ? typed : '',
    }
  }

  /** A hash: somebody may have typed a password where the name goes. */
  const keyOf = ({ domain }: Space, typed: string): string => `${domain} ${secrets.hash(typed).slice(0, 16)}`

  /** From each address one at a time waits. */
  const waiting = new Set<string>()

  /** A Space at which many guess is slow for strangers, and not closed: nobody may shut its people out. */
  const slowDown = async ({ space, network }: Visit, refusal: unknown): Promise<void> => {
    const key = `${space.id} ${network}`
    if (!(refusal instanceof AppError) || refusal.code !== 'rate_limited') throw refusal
    if (waiting.has(key)) {
      const seconds = SLOW_MS / 1000
      throw new AppError('rate_limited', 'errors.rate_limited', { values: { seconds }, retryAfterSeconds: seconds })
    }
    waiting.add(key)
    await pause(SLOW_MS).finally(() => waiting.delete(key))
  }

  /**
   * Of whoever comes from a browser that nobody signed in from. Only what is typed is counted, so that nobody learns
   * which names lead to one account, or to any.
   */
  const ofStrangers = (visit: Visit, key: string): Budget => ({
    count: async () => {
      await limits.signInsOfAddress.consume(visit.network)
      await limits.signInsOfSpace.consume(visit.space.domain).catch((refusal) => slowDown(visit, refusal))
      await limits.passwords.attempt(key)
    },
    giveBack: async () => {
      await limits.signInsOfAddress.giveBack(visit.network)
      await limits.signInsOfSpace.giveBack(visit.space.domain)
      await limits.passwords.forget(key)
    },
  })
  /** Of one who is known: what others guess, from the same address too, takes nothing of it. */
  const own = (key: string): Budget => ({
    count: () => limits.passwords.attempt(key),
    giveBack: () => limits.passwords.forget(key),
  })

  const budgetOf = async (request: Request, visit: Visit, identifier: Identifier): Promise<Budget> => {
    const strangers = ofStrangers(visit, keyOf(visit.space, identifier.phone || identifier.username))
    if (!knownBrowsers.isKnown(request, visit)) return strangers
    const found = await store.find(visit, identifier)
    const browser = found === null ? null : knownBrowsers.nameFor(request, visit, found.id)
    return browser === null ? strangers : own(`browser ${browser}`)
  }

  /** A new session in the place of the one that the browser has. */
  const replaceSession = async (
    tx: Tx,
    visit: Visit,
    previous: Session | null,
    account: AccountView,
    via: 'password' | 'qr',
  ): Promise<string> => {
    if (previous !== null) await sessions.close(tx, previous.id)
    if (visit.chosenLanguage !== null && account.locale !== visit.chosenLanguage) {
      await accounts.setLocale(tx, visit.space, account.id, visit.chosenLanguage)
    }
    await audit.record(tx, 'auth.login.ok', { by: visit, space: visit.space, about: account, detail: { via } })
    return sessions.open(tx, account, 'panel', visit)
  }

  return {
    withPassword: async (request: Request, visit: Visit, input: Input<typeof Credentials>): Promise<Answer> => {
      const { username: typed, password } = input.settle()
      const { space } = visit
      const identifier = identifierOf(typed, space)
      const budget = await budgetOf(request, visit, identifier)
      await budget.count()
      const found = await store.find({ space }, identifier)
      const owner = { id: found?.id ?? 0, username: found?.username ?? identifier.username, space }
      const { known, isRight } = await passwords.compare(owner, password)
      if (found === null || !isRight) {
        const who = found === null ? null : { username: found.username, domain: space.domain }
        record('auth.login.fail', visit, who, { via: 'password', reason: found === null ? 'unknown' : 'bad_password' })
        return { outcome: 'wrong' }
      }
      await budget.giveBack()
      const previous = await sessions.find(request, visit)
      const result = await db.transaction(async (tx) => {
        await accounts.hold(tx, space, found.id)
        // Whoever changed the password meanwhile has signed everybody out.
        const isSame = await passwords.isSame(tx, found.id, known)
        const { account } = await accounts.view(tx, space, found.id)
        const closure = isSame ? closureOf(account) : ('wrong' as const)
        if (closure !== null) return { account, session: null, closure }
        return { account, session: await replaceSession(tx, visit, previous, account, 'password'), closure }
      })
      const { account, session, closure } = result
      if (closure !== null) {
        const reason = closure === 'wrong' ? 'bad_password' : closure
        record('auth.login.fail', visit, account, { via: 'password', reason })
        return { outcome: closure }
      }
      const browser = knownBrowsers.remember(request, visit, account.id)
      return { outcome: 'signed_in', session, browser, role: roleOf(account, space) }
    },

    /** As the account that a QR code was approved by. `proof`: of the browser that shows it. */
    withToken: async (request: Request, visit: Visit, token: string, proof: string | null): Promise<SignedIn> => {
      const previous = await sessions.find(request, visit)
      const { account, session } = await db.transaction(async (tx) => {
        const { account } = await authTokens.redeem(tx, visit, token, proof)
        return { account, session: await replaceSession(tx, visit, previous, account, 'qr') }
      })
      const browser = knownBrowsers.remember(request, visit, account.id)
      return { session, browser, role: roleOf(account, visit.space) }
    },

    /** Somebody signed in not long ago need not prove it again. */
    isRecent: ({ createdAt }: Session): boolean => now().getTime() - createdAt.getTime() < RECENT_MS,

    signOut: async (visit: Visit, session: Session): Promise<void> => {
      await db.transaction(async (tx) => {
        if (!(await sessions.close(tx, session.id))) return
        await audit.record(tx, 'auth.logout', { by: visit, space: visit.space, about: session.account })
      })
    },
  }
}

export type SignIn = ReturnType<typeof signIn>
