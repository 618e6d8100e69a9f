import type { Audit, Cause } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { readCookie, setCookie } from '../../http/cookies.ts'
import type { Logging } from '../../logging/logging.ts'
import { type Caller, mayActAs, type Role, roleNeeded, roleOf } from '../../nouns/caller.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Session, SessionKind } from '../../nouns/session.ts'
import type { Scope, Space } from '../../nouns/space.ts'
import { closureOf } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Addressed } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import { sessionStore } from './store.ts'

/** 256 bits in letters and digits. */
const TOKEN_LENGTH = 43

const MINUTE_MS = 60_000

/** The account whose sessions ended. */
type Revoked = Addressed & { readonly id: number }

/** However busy a session is. A recovery session only sets a password, a registration session waits for its code. */
const LIFETIME_MS: Readonly<Record<SessionKind, number>> = {
  panel: 12 * 60 * MINUTE_MS,
  recovery: 10 * MINUTE_MS,
  registration: 60 * MINUTE_MS,
}

/** A use is written once a minute at most, and an idle session ends up to a minute late for it. */
const TOUCH_EVERY_MS = MINUTE_MS

const COOKIE = 'sipkeeper_session'
const VALUE = new RegExp(`^[A-Za-z0-9]{${TOKEN_LENGTH}}$`)

/**
 * Browsers that are signed in (behaviour/panel.md §1.3). The cookie is stored hashed and means something in one Space.
 */
export const sessions = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, audit, log, now } = deps
  const store = sessionStore(db)
  const idleMs = config.SESSION_LIFETIME * MINUTE_MS

  const record = securityRecords(log)

  const alive = async (request: Request, visit: Visit): Promise<Session | null> => {
    const value = readCookie(request, visit, COOKIE)
    if (value === null || !VALUE.test(value)) return null
    const session = await store.byHash({ space: visit.space }, secrets.hash(value))
    if (session === null || session.account.switchedOff) return null
    const at = now()
    const unusedMs = at.getTime() - session.lastUsedAt.getTime()
    if (session.expiresAt <= at || unusedMs > idleMs + TOUCH_EVERY_MS) return null
    if (unusedMs > TOUCH_EVERY_MS) await db.transaction((tx) => store.touch(tx, session.id, at))
    return session
  }

  return {
    /** The value of its cookie, which is known to the browser alone. Call it while the account is held. */
    open: async (tx: Tx, account: { readonly id: number }, kind: SessionKind, visit: Visit): Promise<string> => {
      const value = secrets.token(TOKEN_LENGTH)
      const at = now()
      const row = {
        accountId: account.id,
        token: secrets.hash(value),
        kind,
        ip: visit.address,
        userAgent: visit.userAgent,
        expiresAt: new Date(at.getTime() + LIFETIME_MS[kind]),
      }
      await store.insert(tx, row, at)
      return value
    },
    /** The session of the request's cookie while it lives; null otherwise. */
    find: async (request: Request, visit: Visit): Promise<Session | null> => {
      const session = await alive(request, visit)
      return session?.kind === 'registration' ? null : session
    },
    /** The same for a browser that waits for the first code of its account: it is signed in nowhere. */
    findRegistration: async (request: Request, visit: Visit): Promise<Session | null> => {
      const session = await alive(request, visit)
      if (session?.kind !== 'registration') return null
      return session.account.activated || closureOf(session.account) !== null ? null : session
    },
    /** The caller that the session makes of its browser, in its own Space; refuses one who may not act as `role`. */
    admit: (visit: Visit, session: Session, role: Role): Caller => {
      const { space } = visit
      const { id, username, domain, activated } = session.account
      const own = roleOf(session.account, space)
      const caller: Caller = { id, username, domain, activated, space, role: own, via: 'session', key: null }
      if (mayActAs(caller, role)) return caller
      record('admin.denied', visit, caller, { path: visit.path })
      throw roleNeeded(role)
    },
    /** Where the account is signed in, the latest used first. */
    list: (accountId: number) => store.list(db.read, accountId, now(), new Date(now().getTime() - idleMs)),
    /** For `Set-Cookie`: until the browser closes. */
    cookie: (visit: Visit, value: string): string => setCookie(visit, COOKIE, value),
    /** For `Set-Cookie`: the browser forgets it. */
    noCookie: (visit: Visit): string => setCookie(visit, COOKIE, '', 0),
    /** True for whoever closes it; false when it is closed already. */
    close: (tx: Tx, id: number): Promise<boolean> => store.close(tx, id),
    /** The same for one of the account's, whoever asks. */
    closeOf: (tx: Tx, accountId: number, id: number): Promise<boolean> => store.closeOf(tx, accountId, id),
    /** All of the account's but this one end: how many those were. */
    closeOthers: async (tx: Tx, accountId: number, kept: number): Promise<number> =>
      (await store.closeOthers(tx, accountId, kept)).length,
    /** Accounts that have sessions, by id, at most `most` after that one: for work that goes through all of them. */
    accounts: (scope: Scope, after: number, most: number) => store.accounts(db.read, scope, after, most),
    /** All of the account's sessions end: how many those were, for `recordRevoked`. */
    revoke: async (tx: Tx, accountId: number): Promise<number> => (await store.closeAll(tx, accountId)).length,
    /** `auth.session.revoked`, when any was. */
    recordRevoked: async (tx: Tx, by: Cause, space: Space, about: Revoked, sessions: number): Promise<void> => {
      if (sessions > 0) await audit.record(tx, 'auth.session.revoked', { by, space, about, detail: { sessions } })
    },
  }
}

export type Sessions = ReturnType<typeof sessions>
