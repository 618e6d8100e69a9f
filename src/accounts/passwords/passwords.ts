import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Audit, Change } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Input } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import type { Caller } from '../../nouns/caller.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import { type PasswordAlgorithm, realmOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { ha1 } from '../../protocols/digest.ts'
import type { Secrets } from '../../secrets.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { Directory, Found } from '../directory/directory.ts'
import type { Notices } from '../notices/notices.ts'
import type { Asker, Revocation } from '../revocation/revocation.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'
import {
  algorithmFor,
  checkPassword,
  defaultAlgorithm,
  isPassword,
  type NewPassword,
  refuseWithoutPasswords,
  type StoredPassword,
} from './rules.ts'
import { type NewPasswordRow, passwordStore } from './store.ts'

const RANDOM_LENGTH = 20

/** A password and what it is hashed with; `realm` null: the Space stores none. */
export interface NewSecret {
  readonly username: string
  readonly realm: string | null
  readonly algorithm: PasswordAlgorithm
  readonly password: string
}

/** What is stored of a password, as it was when somebody was compared with it. */
type Known = readonly StoredPassword[]

/** Whose password it may be; id 0: nobody's, and it takes as long to say so. */
interface Owner {
  readonly id: number
  readonly username: string
  readonly space: Space
}

/** A form on which somebody says the password that they have. */
interface Proving<Name extends string> {
  settle(): { readonly [Each in Name]: string | null }
}

/** How an owner came to another password. */
interface Happening extends Pick<Change, 'detail'> {
  readonly action: 'account.password' | 'auth.reset.ok'
}

const hashed = ({ username, realm, algorithm, password }: NewSecret) =>
  realm === null ? null : { algorithm, ha1: ha1(algorithm, username, realm, password) }

/** The passwords of accounts: compared, set, reset, changed. */
export const passwords = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  directory: Directory
  accountNews: AccountNews
  revocation: Revocation
  sipProxy: SipProxy
  sessions: Sessions
  limits: Limits
  notices: Notices
  audit: Audit
  log: Logging
}) => {
  const { config, db, secrets, directory, accountNews, revocation, sipProxy, sessions } = deps
  const { limits, notices, audit, log } = deps
  const store = passwordStore(db)

  const record = securityRecords(log)

  /** `known` is for `isSame`: between the comparison and what follows from it, the password may become another. */
  const compare = async (
    { id, username, space }: Owner,
    password: string,
  ): Promise<{ known: Known; isRight: boolean }> => {
    const known = await store.rows(db.read, id)
    return { known, isRight: isPassword(known, { username, realm: realmOf(space) }, password) }
  }

  const isSame = async (tx: Tx, accountId: number, known: Known): Promise<boolean> =>
    JSON.stringify(await store.rows(tx, accountId)) === JSON.stringify(known)

  /**
   * Refuses, on the member `name` of the form, whoever does not know the password that the account has; nobody needs to
   * know one that it does not have. Guesses are counted for the account.
   */
  const prove = async <Name extends string>(
    visit: Visit,
    caller: Caller,
    input: Proving<Name>,
    name: Name,
  ): Promise<Known> => {
    const known = await store.rows(db.read, caller.id)
    if (known.length === 0) return known
    const given = input.settle()[name]
    if (given === null) throw invalid(name, 'v.required')
    const budget = `account ${caller.id}`
    await limits.passwords.attempt(budget)
    if (!isPassword(known, { username: caller.username, realm: realmOf(caller.space) }, given)) {
      record('auth.login.fail', visit, caller, { via: caller.via, reason: 'bad_password' })
      throw invalid(name, 'v.old_password')
    }
    await limits.passwords.forget(budget)
    return known
  }

  /**
   * The one way to another password, whoever sets it: what the old one gave access to ends with it (D55). A browser
   * that goes on needs a new session. Resolves to how many sessions ended.
   */
  const replace = async (tx: Tx, space: Space, id: number, secret: NewSecret, by: Asker): Promise<number> => {
    await store.replace(tx, id, hashed(secret))
    await sipProxy.passwordChanged(tx, id)
    if (await accountNews.isAwaited(tx, space.domain, 'password.changed')) {
      await accountNews.tell(tx, 'password.changed', (await directory.view(tx, space, id)).account)
    }
    return revocation.all(tx, id, by)
  }

  /** The same by the owner, whose account counts as activated by it. They hear of it. */
  const replaceOwn = async (
    tx: Tx,
    space: Space,
    id: number,
    secret: NewSecret,
    visit: Visit,
    { action, ...how }: Happening,
  ) => {
    const revoked = await replace(tx, space, id, secret, visit)
    await directory.markActivated(tx, space, id)
    const { account } = await directory.view(tx, space, id)
    await notices.passwordChanged(tx, space, account, visit)
    await audit.record(tx, action, { by: visit, space, about: account, ...how })
    await sessions.recordRevoked(tx, visit, space, account, revoked)
    return account
  }

  /** A random password that nobody ever sees. Resolves to how many sessions ended with the one before. */
  const renew = async (tx: Tx, space: Space, id: number, by: Asker): Promise<number> => {
    const { username } = await directory.hold(tx, space, id)
    const algorithm = defaultAlgorithm(space.digest)
    const password = secrets.token(RANDOM_LENGTH)
    return replace(tx, space, id, { username, realm: realmOf(space), algorithm, password }, by)
  }

  return {
    /** Stores whole rows that a query makes inside the database, of accounts that are made many at a time. */
    insertFrom: store.insertFrom,
    /** The rows with HA1 values, for the provisioning document only. */
    rows: (on: Reader, accountId: number) => store.rows(on, accountId),
    compare,
    /** Whether the password is still the one that somebody was compared with. Call it while the account is held. */
    isSame,
    prove,
    /** A password that nobody ever sees: phones get its HA1 with their document. */
    random: (): string => secrets.token(RANDOM_LENGTH),
    /** Of an account that is being made. */
    insert: async (tx: Tx, accountId: number, secret: NewSecret): Promise<void> => {
      const row = hashed(secret)
      if (row !== null) await store.insert(tx, accountId, row)
    },
    /** Of accounts that are being made, whose HA1 values somebody else has computed. */
    insertHashes: async (
      tx: Tx,
      of: readonly { readonly accountId: number; readonly rows: readonly NewPasswordRow[] }[],
    ): Promise<void> => {
      for (const { accountId, rows } of of) for (const row of rows) await store.insert(tx, accountId, row)
    },
    replace,
    renew,
    /** Set on other proof than the old one: a link or a code in the account's mailbox or phone, or a session that knows it. */
    set: async (tx: Tx, space: Space, id: number, password: string, visit: Visit, how: Happening) => {
      const held = await directory.holdSpace(tx, space)
      if (held === null) throw new AppError('not_found', 'account.unknown')
      if (held.realm === null) throw new AppError('forbidden', 'account.no_digest')
      const { username } = await directory.hold(tx, space, id)
      const secret = { username, realm: held.realm, algorithm: defaultAlgorithm(space.digest), password }
      return replaceOwn(tx, space, id, secret, visit, how)
    },
    /** A random password that nobody ever sees: the document carries its HA1 (behaviour/provisioning.md §6). */
    reset: async (tx: Tx, space: Space, id: number, by: Visit): Promise<void> => {
      if (space.digest === null) return
      const { username } = await directory.hold(tx, space, id)
      await renew(tx, space, id, by)
      const about = { id, username, domain: space.domain }
      await audit.record(tx, 'account.password', { by, space, about, detail: { via: 'provisioning' } })
    },
    /** `POST /accounts/me/password`: shape and algorithm first, then the old password. */
    change: async (visit: Visit, caller: Caller, input: Input<typeof NewPassword>): Promise<Found> => {
      const { space, id, username } = caller
      refuseWithoutPasswords(space)
      checkPassword(input, config)
      const algorithm = algorithmFor(input, space.digest)
      const { password } = input.settle()
      const known = await prove(visit, caller, input, 'old_password')
      const secret = { username, realm: realmOf(space), algorithm, password }
      const account = await db.transaction(async (tx) => {
        const held = await directory.hold(tx, space, id)
        // Somebody else may have changed it since it was compared.
        if (held.username !== username || !(await isSame(tx, id, known))) {
          throw new AppError('conflict', 'account.changed_meanwhile')
        }
        return replaceOwn(tx, space, id, secret, visit, { action: 'account.password' })
      })
      return { account, space }
    },
  }
}

export type Passwords = ReturnType<typeof passwords>
