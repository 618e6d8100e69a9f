import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Logging } from '../../logging/logging.ts'
import { ha1 } from '../../protocols/digest.ts'
import { parseAddressOfRecord } from '../../protocols/sip-address.ts'
import type { ApiKeys } from '../api-keys/api-keys.ts'
import type { SpaceDirectory } from '../spaces/directory.ts'
import { everySpace, realmOf, type Space } from '../spaces/space.ts'
import type { Accounts } from './accounts.ts'
import { type AccountView, accountStore } from './store.ts'

/** No request made it: the address and user agent of accounts from the command line. */
const LOCALLY = { address: '127.0.0.1', userAgent: 'sipkeeper' }

/** Administrators from the command line, where nobody is signed in and no Space is given by a host. */
export const administrators = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  accounts: Accounts
  apiKeys: ApiKeys
  log: Logging
  now: () => Date
}) => {
  const { config, db, spaces, accounts, apiKeys, log, now } = deps
  const store = accountStore(db)

  const spaceOf = async (domain: string): Promise<Space> => {
    const space = await spaces.byDomain(domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    return space
  }

  const checkWords = (username: string, password: string) => {
    const { ACCOUNT_USERNAME_REGEX: pattern, ACCOUNT_PASSWORD_MIN_LENGTH: min } = config
    if (username === '' || username !== username.toLowerCase() || !pattern.test(username)) {
      throw new AppError('invalid', 'v.username_pattern', { values: { field: 'username' } })
    }
    if ([...password].length < min) {
      throw new AppError('invalid', 'v.min', { values: { field: 'password', count: min } })
    }
  }

  /** By id, or by `user@domain`. */
  const find = async (tx: Tx, reference: string): Promise<{ space: Space; account: AccountView }> => {
    const address = parseAddressOfRecord(reference)
    const domain =
      address?.domain ?? (await store.domainOf(tx, everySpace('command line'), Number.parseInt(reference, 10) || 0))
    if (domain === null) throw new AppError('not_found', 'account.unknown')
    const space = await spaceOf(domain)
    const account =
      address === null
        ? await store.byId(tx, { space }, Number(reference))
        : await store.byUsername(tx, { space }, address.user)
    if (account === null) throw new AppError('not_found', 'account.unknown')
    return { space, account }
  }

  return {
    count: (space: Space) => store.countAdministrators(db.read, { space }),
    /**
     * An activated administrator. An existing account of that name is refused unless `update`, and then it keeps all
     * it has. `keyAddress` present: an API key as well, bound to the address or, with null, to none.
     */
    create: async (options: {
      domain: string
      username: string
      password: string
      update: boolean
      keyAddress?: string | null
    }): Promise<{ account: AccountView; apiKey: string | null }> => {
      const { domain, username, password, update, keyAddress } = options
      const space = await spaceOf(domain)
      checkWords(username, password)
      const algorithm = space.digest?.defaultPasswordAlgorithm ?? 'SHA-256'
      const made = await db.transaction(async (tx) => {
        const existing = await store.byUsername(tx, { space }, username)
        if (existing !== null && !update) throw new AppError('conflict', 'account.exists')
        const id =
          existing?.id ??
          (await accounts.insert(tx, {
            space,
            row: {
              username,
              domain: space.domain,
              email: null,
              phone: null,
              displayName: null,
              dtmfProtocol: null,
              activated: true,
              blocked: false,
              admin: true,
              ipAddress: LOCALLY.address,
              userAgent: LOCALLY.userAgent,
            },
            password,
            algorithm,
            dictionary: {},
            by: LOCALLY,
          }))
        if (id === null) throw new AppError('conflict', 'account.exists')
        if (existing !== null) {
          const rights = { admin: true, activated: true, blocked: false, updatedAt: now() }
          await store.update(tx, { space }, id, rights)
          const hash = ha1(algorithm, username, realmOf(space), password)
          await store.replacePasswords(tx, id, space.digest === null ? null : { algorithm, ha1: hash })
        }
        const apiKey = keyAddress === undefined ? null : await apiKeys.regenerate(tx, id, keyAddress)
        return { account: (await accounts.view(tx, space, id)).account, apiKey }
      })
      log.security('account.role', { account: `${username}@${domain}`, space: domain, by: 'command line' })
      return made
    },
    /** Gives or takes an administrator's rights; doing it twice is no error. */
    set: async (reference: string, admin: boolean): Promise<AccountView> => {
      const changed = await db.transaction(async (tx) => {
        const { space, account } = await find(tx, reference)
        await store.update(tx, { space }, account.id, { admin, updatedAt: now() })
        return account
      })
      const address = `${changed.username}@${changed.domain}`
      log.security('account.role', { account: address, space: changed.domain, by: 'command line' })
      return changed
    },
  }
}

export type Administrators = ReturnType<typeof administrators>
