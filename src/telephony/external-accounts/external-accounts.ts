import type { Accounts } from '../../accounts/accounts/accounts.ts'
import { ALGORITHMS } from '../../accounts/passwords/rules.ts'
import type { Config } from '../../config/config.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { choice, form, type Input, optional, plainText, read, text } from '../../http/input.ts'
import type { PasswordAlgorithm } from '../../nouns/space.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { ha1 } from '../../protocols/digest.ts'
import { type Addressed, isDomain, isIpAddress } from '../../protocols/sip-address.ts'
import type { Bridge } from './bridge.ts'
import { type ExternalAccount, externalAccountStore } from './store.ts'

export type { ExternalAccount } from './store.ts'

type NewLine = Omit<ExternalAccount, 'id' | 'accountId' | 'createdAt' | 'updatedAt'>

/** Where nobody chooses: what every carrier knows. */
const USUAL_ALGORITHM = 'MD5'

export const PROTOCOLS = ['UDP', 'TCP', 'TLS'] as const

/** What it needs (behaviour/telephony.md §1). The password comes in clear and is kept as HA1. */
export const ExternalAccountForm = form({
  username: text({ max: 64, numbers: true }),
  domain: text({ max: 64 }),
  password: optional(text({ numbers: true })),
  realm: optional(plainText(64)),
  registrar: optional(plainText(64)),
  outbound_proxy: optional(plainText(64)),
  protocol: choice(PROTOCOLS),
  algorithm: optional(choice(ALGORITHMS)),
})

type Given = Input<typeof ExternalAccountForm>

/** On a page: what its form was made from. Whatever is in the HA1 becomes another with its password only. */
interface MadeFrom {
  refuseStale(before: ExternalAccount | null): void
}

interface Saved {
  readonly externalAccount: ExternalAccount
  readonly isNew: boolean
  /** Its HA1 was made with another user name: the carrier will not accept it. */
  readonly isStale: boolean
}

/** The account that an account has with a carrier: one at most. */
export const externalAccounts = (deps: {
  config: Config
  db: Db
  accounts: Accounts
  bridge: Bridge
  now: () => Date
}) => {
  const { config, db, accounts, bridge, now } = deps
  const store = externalAccountStore(db)

  /** Whatever of it needs no look at other accounts. */
  const checkAlone = (input: Given): void => {
    const { good } = input
    if (good.username !== null && !config.ACCOUNT_USERNAME_REGEX.test(good.username)) {
      input.refuse('username', { id: 'v.username_pattern', setting: 'ACCOUNT_USERNAME_REGEX' })
    }
    if (good.domain !== null && !isDomain(good.domain) && !isIpAddress(good.domain)) {
      input.refuse('domain', { id: 'v.domain' })
    }
    const { domain } = input.values
    for (const name of ['realm', 'registrar', 'outbound_proxy'] as const) {
      if (good[name] !== null && good[name] === domain) input.refuse(name, { id: 'v.same_domain' })
    }
  }

  const check = async (input: Given, id: number): Promise<void> => {
    checkAlone(input)
    const { username, domain } = input.values
    const isNamed = username !== null && domain !== null
    if (isNamed && (await store.isTaken(db.read, { username, domain }, id))) input.refuse('username', { id: 'v.taken' })
  }

  /**
   * Replaces all of it. The HA1 holds realm and algorithm, so that other ones need the password again; over the API
   * another user name does not.
   */
  const set = async (visit: Visit, id: number, input: Given, page: MadeFrom | null = null): Promise<Saved> => {
    await check(input, id)
    const wanted = input.settle()
    const { username, domain, password: typed, realm, registrar, outbound_proxy, protocol } = wanted
    return accounts
      .edit(visit, id, { field: 'external' }, async (tx) => {
        const before = await store.of(tx, id)
        page?.refuseStale(before)
        const algorithm = wanted.algorithm ?? before?.algorithm ?? USUAL_ALGORITHM
        const fits =
          before?.realm === realm &&
          before.domain === domain &&
          before.algorithm === algorithm &&
          (page === null || before.username === username)
        const fresh = typed === null ? null : ha1(algorithm, username, realm ?? domain, typed)
        const password = fresh ?? (fits ? before.password : null)
        if (password === null) throw invalid('password', 'v.password_with_realm')
        const columns = {
          username,
          domain,
          password,
          algorithm,
          realm,
          registrar,
          outboundProxy: outbound_proxy,
          protocol,
        } as const
        const write = before === null ? store.insert : store.update
        const externalAccount = await write(tx, id, columns, now())
        if (externalAccount === null) throw invalid('username', 'v.taken')
        const isRenamed = before !== null && (before.username !== username || before.domain !== domain)
        // The bridge looks for the one that it has under the address that it knows.
        await bridge.tell(tx, isRenamed ? [before, externalAccount] : [externalAccount])
        const isStale = fresh === null && before?.username !== username
        return { externalAccount, isNew: before === null, isStale }
      })
      .catch((error: unknown) => {
        // Somebody took the name between our look and our write.
        throw isCollision(error) ? invalid('username', 'v.taken') : error
      })
  }

  return {
    set,
    /**
     * What a file of accounts says of one, with its HA1 value (`hash`) or the password that it is made of. Throws
     * `invalid` by the names of the form.
     */
    read: (members: Members, hash: { readonly algorithm: PasswordAlgorithm; readonly ha1: string } | null): NewLine => {
      const input = read(ExternalAccountForm, members)
      checkAlone(input)
      if (hash === null && input.isMissing('password')) input.refuse('password', { id: 'v.required' })
      const { username, domain, password, realm, registrar, outbound_proxy, protocol } = input.settle()
      return {
        username,
        domain,
        password: hash?.ha1 ?? ha1(USUAL_ALGORITHM, username, realm ?? domain, password ?? ''),
        algorithm: hash?.algorithm ?? USUAL_ALGORITHM,
        realm,
        registrar,
        outboundProxy: outbound_proxy,
        protocol,
      }
    },
    /** Which of them accounts of any Space have, as `user@domain`. */
    taken: (on: Reader, names: readonly Addressed[]): Promise<ReadonlySet<string>> => store.takenOf(on, names),
    /** For accounts that have just been made. False: one of them was taken meanwhile. */
    insert: async (tx: Tx, rows: readonly (NewLine & { readonly accountId: number })[]): Promise<boolean> => {
      const at = now()
      const stored = await store.insertAll(
        tx,
        rows.map((row) => ({ ...row, createdAt: at, updatedAt: at })),
      )
      await bridge.tell(tx, stored)
      return stored.length === rows.length
    },
    /** Those of the accounts that have one, by account. */
    ofAll: (on: Reader, accountIds: readonly number[]) => store.ofAll(on, accountIds),
    /** With its HA1, for the provisioning document. */
    of: (on: Reader, accountId: number) => store.of(on, accountId),
    /** null: the account has none. */
    find: (accountId: number): Promise<ExternalAccount | null> => store.of(db.read, accountId),
    byAccount: async (visit: Visit, id: number): Promise<ExternalAccount> => {
      await accounts.byId(visit.space, id)
      const found = await store.of(db.read, id)
      if (found === null) throw new AppError('not_found', 'external.none')
      return found
    },
    /** False: there was none. */
    remove: async (visit: Visit, id: number): Promise<boolean> => {
      const removed = await accounts.edit(visit, id, { field: 'external' }, async (tx) => {
        const gone = await store.remove(tx, id)
        if (gone !== null) await bridge.tell(tx, [gone])
        return gone
      })
      return removed !== null
    },
  }
}

export type ExternalAccounts = ReturnType<typeof externalAccounts>
