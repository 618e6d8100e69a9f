import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { type Caller, roleOf } from '../../nouns/caller.ts'
import { everySpace, realmOf, type Space } from '../../nouns/space.ts'
import { closureOf } from '../../nouns/standing.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { AccountView, Directory } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { defaultAlgorithm } from '../passwords/rules.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Revocation } from '../revocation/revocation.ts'
import type { Accounts } from './accounts.ts'
import { administratorStore } from './administrators-store.ts'
import { lastAdministrator } from './last-administrator.ts'
import { changedRights } from './standing.ts'

/** No request made it: the address and user agent of accounts from the command line. */
const LOCALLY = { address: '127.0.0.1', userAgent: 'sipkeeper' }

/** What an account was before there was one. */
const NOBODY = { activated: false, switchedOff: false, blocked: false, admin: false }

const LONGEST_USERNAME = 64

/** Administrators from the command line, where nobody is signed in and no Space is given by a host. */
export const administrators = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  accounts: Accounts
  directory: Directory
  accountNews: AccountNews
  passwords: Passwords
  revocation: Revocation
  apiKeys: ApiKeys
  provisioningTokens: ProvisioningTokens
  audit: Audit
}) => {
  const { config, db, spaces, accounts, directory, accountNews, passwords, revocation, apiKeys } = deps
  const { provisioningTokens, audit } = deps
  const store = administratorStore(db)
  const last = lastAdministrator({ db, directory })

  const spaceOf = async (domain: string): Promise<Space> => {
    const space = await spaces.byDomain(domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    return space
  }

  /** Refuses what no administrator may have. User names have no minimum here (D17). */
  const check = (username: string, password: string): void => {
    const { ACCOUNT_USERNAME_REGEX: pattern, ACCOUNT_PASSWORD_MIN_LENGTH: min } = config
    if ([...username].length > LONGEST_USERNAME) {
      throw new AppError('invalid', 'v.max', { values: { field: 'username', max: LONGEST_USERNAME } })
    }
    if (username === '' || username !== username.toLowerCase() || !pattern.test(username)) {
      throw new AppError('invalid', 'v.username_pattern', { values: { field: 'username' } })
    }
    if ([...password].length < min) {
      throw new AppError('invalid', 'v.min', { values: { field: 'password', count: min } })
    }
  }

  return {
    /** As a caller, with the rights that the account has now; null: it has none, or it is closed. */
    administrator: async (id: number, via: Caller['via']): Promise<Caller | null> => {
      const domain = await directory.domainOf(db.read, everySpace('authentication'), id)
      const space = domain === null ? null : await spaces.byDomain(domain)
      const account = space === null ? null : await directory.find(db.read, space, id)
      if (space === null || account === null || !account.admin || closureOf(account) !== null) return null
      const { username, activated } = account
      return { id, username, domain: space.domain, activated, space, role: roleOf(account, space), via, key: null }
    },
    count: (space: Space) => store.countAdministrators(db.read, { space }),
    check,
    /**
     * An activated administrator with a live provisioning token. An account of that name that is there already keeps
     * all it has: `refuse` leaves it alone, `keep` gives it the rights, `reset` the password as well. `keyAddress`
     * present: an API key too, bound to the address or, with null, to none; never to an account that was kept. `key`
     * present: that one.
     */
    create: async (options: {
      domain: string
      username: string
      password: string
      existing: 'refuse' | 'keep' | 'reset'
      keyAddress?: string | null
      key?: string
    }): Promise<{
      account: AccountView
      provisioningToken: string | null
      apiKey: string | null
      created: boolean
    }> => {
      const { domain, username, password, existing, keyAddress, key } = options
      const space = await spaceOf(domain)
      check(username, password)
      const algorithm = defaultAlgorithm(space.digest)

      const make = (tx: Tx) =>
        accounts.insert(tx, {
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
            locale: null,
          },
          password,
          algorithm,
          dictionary: {},
          by: LOCALLY,
        })
      const promote = async (tx: Tx, before: AccountView) => {
        const { id, sealedProvisioningToken: sealed } = before
        const rights = { admin: true, activated: true, switchedOff: false, blocked: false }
        await directory.update(tx, space, id, rights)
        await revocation.follow(tx, before, rights, LOCALLY)
        if (!before.admin) await revocation.rightsChanged(tx, id)
        if (existing === 'reset') {
          const realm = space.digest === null ? null : realmOf(space)
          await passwords.replace(tx, space, id, { username, realm, algorithm, password }, LOCALLY)
        }
        if (provisioningTokens.reveal(sealed) === null) await provisioningTokens.issue(tx, id, LOCALLY)
        return id
      }

      return db.transaction(async (tx) => {
        const found = await directory.named(tx, space, username)
        if (found !== null && existing === 'refuse') throw new AppError('conflict', 'account.exists')
        const id = found === null ? await make(tx) : await promote(tx, found)
        // Somebody else was quicker.
        if (id === null) throw new AppError('conflict', 'account.exists')
        const withKey = keyAddress !== undefined && (found === null || existing === 'reset')
        const apiKey = withKey ? await apiKeys.regenerate(tx, id, keyAddress, key) : null
        const { account } = await directory.view(tx, space, id)
        await accountNews.tell(tx, found === null ? 'account.created' : 'account.updated', account)
        const provisioningToken = provisioningTokens.reveal(account.sealedProvisioningToken)
        await audit.record(tx, found === null ? 'account.created' : 'account.role', {
          by: null,
          space,
          about: account,
          changed: {
            ...changedRights(found ?? NOBODY, account),
            password: [false, found === null || existing === 'reset'],
            api_key: [false, apiKey !== null],
          },
        })
        return { account, provisioningToken, apiKey, created: found === null }
      })
    },
    /** Gives or takes an administrator's rights; doing it twice is no error. */
    set: async (reference: string, admin: boolean): Promise<AccountView> => {
      return db.transaction(async (tx) => {
        const { space, account } = await directory.referred(tx, reference)
        await last.hold(tx, space)
        await directory.hold(tx, space, account.id)
        const { account: before } = await directory.view(tx, space, account.id)
        const after = { ...before, admin, space }
        await last.refuse(tx, space, { id: account.id, before, after, byItself: false })
        await directory.update(tx, space, account.id, { admin })
        if (before.admin !== admin) await revocation.rightsChanged(tx, account.id)
        await accountNews.tell(tx, 'account.updated', (await directory.view(tx, space, account.id)).account)
        const changed = changedRights(before, after)
        await audit.record(tx, 'account.role', { by: null, space, about: account, changed })
        return account
      })
    },
  }
}

export type Administrators = ReturnType<typeof administrators>
