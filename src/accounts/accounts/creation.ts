import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Input } from '../../http/input.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { PasswordAlgorithm, Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { type ConfirmationKeys, parseMoment } from '../confirmation-keys/confirmation-keys.ts'
import type { Dictionary } from '../dictionary/dictionary.ts'
import type { Directory, Found } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { algorithmFor, algorithmGiven, checkGivenPassword, checkPassword } from '../passwords/rules.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Announcing } from './announcing.ts'
import type { Identifiers } from './identifiers.ts'
import { checkPhone, checkUsername, type NewAccount, type NewAccountOnPage, type Registrant } from './rules.ts'
import type { SetUpMails } from './set-up.ts'
import type { AccountStore, NewAccountRow } from './store.ts'

/** What a creation stores, whoever asked for it. */
export interface Creation {
  readonly space: Space
  readonly row: Omit<NewAccountRow, 'createdAt' | 'updatedAt' | 'selfRegistered'>
  /** Whoever the account is for makes it, in the panel. */
  readonly selfRegistered?: boolean
  readonly password: string
  readonly algorithm: PasswordAlgorithm
  readonly dictionary: Readonly<Record<string, string>>
  readonly by: { readonly address: string; readonly userAgent: string | null }
}

const noRoom = () => new AppError('forbidden', 'account.no_room')

/** How an account comes to be: by an administrator, by an app, by whoever it is for. */
export const creation = (deps: {
  config: Config
  db: Db
  store: AccountStore
  spaces: SpaceDirectory
  directory: Directory
  identifiers: Identifiers
  announcing: Announcing
  passwords: Passwords
  provisioningTokens: ProvisioningTokens
  confirmationKeys: ConfirmationKeys
  dictionary: Dictionary
  setUpMails: SetUpMails
  now: () => Date
}) => {
  const { config, db, store, spaces, directory, identifiers, announcing, passwords, now } = deps
  const { provisioningTokens, confirmationKeys, dictionary, setUpMails } = deps

  /** The Space takes no more accounts than it says. */
  const refuseFull = async (on: Reader, space: Pick<Space, 'domain' | 'maxAccounts'>): Promise<void> => {
    const { maxAccounts } = space
    if (maxAccounts > 0 && (await directory.count(on, space)) >= maxAccounts) throw noRoom()
  }

  /** The Space that `domain` names; only super administrators may choose one (behaviour/accounts.md §2.2). */
  const targetSpace = async (visit: Visit, caller: Caller, input: Input<typeof NewAccount>): Promise<Space> => {
    const { domain } = input.values
    if (domain === null) return visit.space
    const named = await spaces.byDomain(domain)
    if (mayActAs(caller, 'super')) {
      if (named === null) throw noRoom()
      return named
    }
    if (named === null) input.refuse('domain', { id: 'v.unknown_domain' })
    return visit.space
  }

  /**
   * Stores an account with its password, provisioning token and dictionary. null: the name was taken between the
   * caller's check and now. Refuses a full Space, and one that is
   * closed. `check` runs once nobody else can count or compare any more.
   */
  const insert = async (tx: Tx, creation: Creation, check?: () => Promise<void>): Promise<number | null> => {
    const { space, row, password, algorithm, selfRegistered = false } = creation
    // The Space as it is now, not as it was when the request arrived: its quota counts, and its realm enters the HA1.
    const held = await directory.holdSpace(tx, space)
    if (held === null) throw noRoom()
    if (held.purgeAt !== null) throw new AppError('conflict', 'space.closing')
    await refuseFull(tx, { domain: space.domain, maxAccounts: held.maxAccounts })
    await check?.()
    const at = now()
    const id = await store.insert(tx, { ...row, selfRegistered, createdAt: at, updatedAt: at })
    if (id === null) return null
    await passwords.insert(tx, id, { username: row.username, realm: held.realm, algorithm, password })
    await provisioningTokens.issue(tx, id, creation.by)
    await dictionary.set(tx, id, creation.dictionary)
    return id
  }

  /** When the activation key of an account that starts inactive dies (behaviour/legacy.md §6). */
  const confirmationExpiry = (input: Input<typeof NewAccount>): Date | null => {
    const written = input.values.confirmation_key_expires
    if (written === null) return null
    const moment = parseMoment(written)
    if (moment === null) input.refuse('confirmation_key_expires', { id: 'v.moment' })
    return moment
  }

  /** Stores what an administrator asks for; `complete` belongs to the same transaction. */
  const make = async (
    visit: Visit,
    {
      space,
      phone,
      password,
      algorithm,
    }: Pick<Creation, 'space' | 'password' | 'algorithm'> & { phone: string | null },
    input: Input<typeof NewAccount> | Input<typeof NewAccountOnPage>,
    complete: (tx: Tx, id: number) => Promise<void>,
  ): Promise<Found> => {
    const wanted = input.settle()
    return db.transaction(async (tx) => {
      const check = async () => {
        await identifiers.refuseTaken(tx, input, space, phone, 0)
        input.settle()
      }
      const creation: Creation = {
        space,
        row: {
          username: wanted.username,
          domain: space.domain,
          email: wanted.email,
          phone,
          displayName: wanted.display_name,
          dtmfProtocol: wanted.dtmf_protocol,
          activated: wanted.activated ?? false,
          admin: wanted.admin ?? false,
          blocked: wanted.blocked ?? false,
          ipAddress: visit.address,
          userAgent: visit.userAgent ?? space.name,
          locale: null,
        },
        password,
        algorithm,
        dictionary: wanted.dictionary ?? {},
        by: visit,
      }
      const id = await insert(tx, creation, check)
      if (id === null) {
        await check()
        throw invalid('username', 'v.taken')
      }
      const found = await announcing.announced(tx, 'created', visit, space, id, 'account.created')
      await complete(tx, id)
      return found
    })
  }

  /** `POST /accounts` (behaviour/accounts.md §6.2). */
  const create = async (visit: Visit, caller: Caller, input: Input<typeof NewAccount>): Promise<Found> => {
    const space = await targetSpace(visit, caller, input)
    await refuseFull(db.read, space)
    checkUsername(input, config, 'over the API')
    checkPassword(input, config)
    const algorithm = algorithmFor(input, space.digest)
    const keyExpiry = confirmationExpiry(input)
    const phone = checkPhone(input, await identifiers.acceptance(input, null))
    await identifiers.refuseTaken(db.read, input, space, phone, 0)
    const { password, activated } = input.settle()
    return make(visit, { space, phone, password, algorithm }, input, async (tx, id) => {
      if (config.LEGACY_API && activated !== true) await confirmationKeys.issue(tx, id, keyExpiry)
    })
  }

  /** On a page of an administrator, in the Space of the visit (behaviour/panel.md §7.3). */
  const createOnPage = async (visit: Visit, input: Input<typeof NewAccountOnPage>): Promise<Found> => {
    const { space } = visit
    await refuseFull(db.read, space)
    checkUsername(input, config, 'in the panel')
    const { makes_password: isMade, mails, username, email, phone: typed } = input.values
    if (isMade !== true) {
      checkGivenPassword(input, config, { username, email, phone: typed })
      if (input.isMissing('password')) input.refuse('password', { id: 'v.required' })
    }
    if (mails === true && input.isMissing('email')) input.refuse('email', { id: 'v.email_for_mail' })
    const algorithm = algorithmGiven(input, space.digest)
    const phone = checkPhone(input, await identifiers.acceptance(input, null))
    await identifiers.refuseTaken(db.read, input, space, phone, 0)
    const wanted = input.settle()
    const password = isMade !== true && wanted.password !== null ? wanted.password : passwords.random()
    return make(visit, { space, phone, password, algorithm }, input, async (tx, id) => {
      if (mails === true) await setUpMails.send(tx, visit, id)
    })
  }

  /**
   * What somebody gets who asks for an account without an administrator. null: the name was taken between the caller's
   * look and now. `complete` runs in the same transaction; when it fails, nothing is stored.
   */
  const makeOwn = async (
    visit: Visit,
    own: Pick<Creation, 'password' | 'algorithm' | 'selfRegistered'> & Pick<NewAccountRow, 'username' | 'dtmfProtocol'>,
    complete: (tx: Tx, id: number) => Promise<void>,
  ): Promise<Found | null> => {
    const { space } = visit
    const { username, dtmfProtocol, password, algorithm, selfRegistered = false } = own
    return db.transaction(async (tx) => {
      const id = await insert(tx, {
        space,
        row: {
          username,
          domain: space.domain,
          email: null,
          phone: null,
          displayName: null,
          dtmfProtocol,
          activated: false,
          admin: false,
          blocked: false,
          ipAddress: visit.address,
          userAgent: space.name,
          locale: visit.language,
        },
        selfRegistered,
        password,
        algorithm,
        dictionary: {},
        by: visit,
      })
      if (id === null) return null
      const detail = { via: selfRegistered ? 'registration' : 'token' }
      const found = await announcing.announced(tx, 'created', visit, space, id, 'account.created', { detail })
      await complete(tx, id)
      return found
    })
  }

  /**
   * Self registration (behaviour/accounts.md §3): not activated, nobody's administrator, in the request's Space.
   * `redeem` spends what allowed it, in the same transaction; when it fails, nothing is stored.
   */
  const register = async (
    visit: Visit,
    input: Registrant,
    redeem: (tx: Tx, accountId: number) => Promise<void>,
  ): Promise<Found> => {
    const { space } = visit
    checkUsername(input, config, 'by anybody')
    checkPassword(input, config)
    const algorithm = algorithmFor(input, space.digest)
    // Checked, then ignored. Whether somebody has the number or the address already is not told to a stranger.
    checkPhone(input, await identifiers.acceptance(input, null))
    const { domain } = input.values
    if (domain !== null && (await spaces.byDomain(domain)) === null) {
      input.refuse('domain', { id: 'v.unknown_domain' })
    }
    const { username: name } = input.values
    if (name !== null && (await identifiers.isNameTaken(db.read, space, name))) {
      input.refuse('username', { id: 'v.taken' })
    }
    const { username, password, dtmf_protocol: dtmfProtocol } = input.settle()
    const found = await makeOwn(visit, { username, password, algorithm, dtmfProtocol }, redeem)
    if (found === null) throw invalid('username', 'v.taken')
    return found
  }

  return {
    create,
    createOnPage,
    register,
    makeOwn,
    /** For features that create accounts by other rights, inside their own transaction. */
    insert,
    refuseFull,
    /** The activation key that an administrator may see while it is pending. */
    pendingKey: async ({ account }: Found) =>
      config.LEGACY_API && !account.activated ? confirmationKeys.pending(db.read, account.id) : null,
  }
}

export type AccountCreation = ReturnType<typeof creation>
