import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Config } from '../../config/config.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import { AppError } from '../../errors.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import { type Input, isTrue } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging, SecurityEvent } from '../../logging/logging.ts'
import type { Language } from '../../messages/messages.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { actionRecords } from '../../nouns/security-record.ts'
import {
  hasUniqueEmails,
  isExpired,
  languageOf,
  type PasswordAlgorithm,
  realmOf,
  type Space,
} from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { ha1 } from '../../protocols/digest.ts'
import type { Phone } from '../../protocols/e164.ts'
import { addressOfRecord, parseAddressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { type ConfirmationKeys, parseMoment } from '../confirmation-keys/confirmation-keys.ts'
import type { Dictionary } from '../dictionary/dictionary.ts'
import type { Notices } from '../notices/notices.ts'
import type { PhoneCountries } from '../phone-countries/phone-countries.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import { access } from './access.ts'
import type { LinesOfAccounts } from './housekeeping.ts'
import { lastAdministrator } from './last-administrator.ts'
import { accountListing } from './listing.ts'
import { movingStore } from './moving-store.ts'
import {
  algorithmFor,
  type ChangedAccount,
  checkPassword,
  checkPhone,
  checkUsername,
  isPassword,
  type NewAccount,
  type NewPassword,
  type Registrant,
  type WithUsername,
} from './rules.ts'
import { type AccountRow, type AccountView, accountStore, type NewAccountRow, type Wanted } from './store.ts'

export type { AccountView } from './store.ts'

const RESET_PASSWORD_LENGTH = 20

/** An account together with the Space it lives in: what a representation needs. */
export interface Found {
  readonly account: AccountView
  readonly space: Space
}

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

/** A phone number or an e-mail address. */
type Contact = { readonly phone: string; readonly email?: never } | { readonly email: string; readonly phone?: never }

const isGiven = (value: unknown) => value !== undefined && value !== null

/**
 * A flag that the request does not name stays as it is. Only an account that was active is switched off by this: one
 * that nobody has confirmed yet goes on waiting (D48).
 */
const standingAfter = (before: AccountView, values: Input<typeof ChangedAccount>['values']) => {
  const after = (name: 'activated' | 'admin' | 'blocked') =>
    isGiven(values[name]) ? isTrue(values[name]) : before[name]
  const activated = after('activated')
  const switchedOff = !activated && (before.activated || before.switchedOff)
  return { activated, switchedOff, admin: after('admin'), blocked: after('blocked') }
}

const noRoom = () => new AppError('forbidden', 'account.no_room')

export const accounts = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  spaces: SpaceDirectory
  apiKeys: ApiKeys
  limits: Limits
  provisioningTokens: ProvisioningTokens
  dictionary: Dictionary
  phoneCountries: PhoneCountries
  confirmationKeys: ConfirmationKeys
  sessions: Sessions
  notices: Notices
  outbox: Outbox
  accountEvents: AccountEvents
  bridge: LinesOfAccounts
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, spaces, apiKeys, provisioningTokens, dictionary, phoneCountries, log, now } = deps
  const { confirmationKeys, limits, sessions, notices, outbox, accountEvents, bridge } = deps
  const store = accountStore(db)
  const last = lastAdministrator(store)
  const opens = access({ db, store, secrets, apiKeys, provisioningTokens, sessions, now })
  const { leaveSpace } = movingStore(db)

  const record = actionRecords(log)

  const unknown = () => new AppError('not_found', 'account.unknown')

  /** Remembered by `id@domain`, because clients poll their own account. */
  const ownAccount = remembered(
    db,
    () => now().getTime(),
    (key) => {
      const at = key.indexOf('@')
      return store.byId(db.read, { space: { domain: key.slice(at + 1) } }, Number(key.slice(0, at)))
    },
  )

  const viewById = async (on: Reader, space: Space, id: number): Promise<Found> => {
    const account = await store.byId(on, { space }, id)
    if (account === null) throw unknown()
    return { account, space }
  }

  /** The account as it is now. The operator's hook hears of it after the commit. */
  const announced = async (
    tx: Tx,
    name: 'created' | 'updated',
    visit: Visit,
    space: Space,
    id: number,
  ): Promise<Found> => {
    const found = await viewById(tx, space, id)
    await accountEvents.announce(tx, name, visit, found)
    return found
  }

  /** Keeps the account as it is until the transaction ends: everything that writes below an account starts with it. */
  const hold = async (tx: Tx, space: Space, id: number): Promise<{ username: string }> => {
    const held = await store.lock(tx, { space }, id)
    if (held === null) throw unknown()
    return held
  }

  const holdOpen = async (tx: Tx, space: Space, id: number): Promise<void> => {
    await hold(tx, space, id)
    refuseClosed((await viewById(tx, space, id)).account)
  }

  const isFull = async (on: Reader, space: Space, maxAccounts: number) =>
    maxAccounts > 0 && (await store.count(on, { space })) >= maxAccounts

  /** Whether an address collides depends on what the Space says now. While the Space is held, that stays so. */
  const collisions = async (on: Reader, wanted: Wanted) => {
    const taken = await store.taken(on, wanted)
    return { ...taken, email: taken.email && hasUniqueEmails(config, taken) }
  }

  /**
   * What collides with other accounts is refused on the input. Reads with `on`: the reader for a first, friendly
   * answer, the transaction for the one that counts.
   */
  const refuseTaken = async (on: Reader, input: WithUsername, space: Space, phone: string | null, self: number) => {
    const { username, email } = input.values
    const wanted = { domain: space.domain, username: username ?? '', email: email ?? null, phone, self }
    const taken = await collisions(on, wanted)
    if (taken.username || (self === 0 && taken.tombstone)) input.refuse('username', { id: 'v.taken' })
    if (taken.email) {
      const setting = config.ACCOUNT_EMAIL_UNIQUE ? 'ACCOUNT_EMAIL_UNIQUE' : 'unique_email'
      input.refuse('email', { id: 'v.taken', setting })
    }
    if (taken.phone) input.refuse('phone', { id: 'v.taken' })
  }

  /** Which numbers are accepted; one that the account already has stays valid when its country is closed. */
  const acceptance = async (input: WithUsername, current: AccountView | null): Promise<(phone: Phone) => boolean> => {
    const open = typeof input.values.phone === 'string' ? await phoneCountries.openCallingCodes() : new Set()
    return ({ callingCode, number }) => open.has(callingCode) || (current !== null && current.phone === number)
  }

  /** The Space that `domain` names; only super administrators may choose one (behaviour/accounts.md §2.2). */
  const targetSpace = async (visit: Visit, caller: Caller, input: Input<typeof NewAccount>): Promise<Space> => {
    const { domain } = input.values
    if (typeof domain !== 'string') return visit.space
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
   * caller's check and now. Refuses a full Space. `check` runs once nobody else can count or compare any more.
   */
  const insert = async (tx: Tx, creation: Creation, check?: () => Promise<void>): Promise<number | null> => {
    const { space, row, password, algorithm, selfRegistered = false } = creation
    // The Space as it is now, not as it was when the request arrived: its quota counts, and its realm enters the HA1.
    const locked = await store.lockSpace(tx, { space })
    if (locked === null || (await isFull(tx, space, locked.maxAccounts))) throw noRoom()
    await check?.()
    const at = now()
    const id = await store.insert(tx, { ...row, selfRegistered, createdAt: at, updatedAt: at })
    if (id === null) return null
    if (locked.realm !== null) {
      await store.insertPassword(tx, id, algorithm, ha1(algorithm, row.username, locked.realm, password))
    }
    await provisioningTokens.issue(tx, id, creation.by)
    await dictionary.set(tx, id, creation.dictionary)
    return id
  }

  /** When the activation key of an account that starts inactive dies (behaviour/legacy.md §6). */
  const confirmationExpiry = (input: Input<typeof NewAccount>): Date | null => {
    const written = input.values.confirmation_key_expires
    if (typeof written !== 'string') return null
    const moment = parseMoment(written)
    if (moment === null) input.refuse('confirmation_key_expires', { id: 'v.moment' })
    return moment
  }

  /** `POST /accounts` (behaviour/accounts.md §6.2). */
  const create = async (visit: Visit, caller: Caller, input: Input<typeof NewAccount>): Promise<Found> => {
    const space = await targetSpace(visit, caller, input)
    if (await isFull(db.read, space, space.maxAccounts)) throw noRoom()
    checkUsername(input, config, true)
    checkPassword(input, config)
    const algorithm = algorithmFor(input, space.digest)
    const keyExpiry = confirmationExpiry(input)
    const phone = checkPhone(input, await acceptance(input, null))
    await refuseTaken(db.read, input, space, phone, 0)
    input.settle()

    const { username = '', password = '', email, display_name, dtmf_protocol, activated, admin, blocked } = input.values
    const found = await db.transaction(async (tx) => {
      const check = async () => {
        await refuseTaken(tx, input, space, phone, 0)
        input.settle()
      }
      const creation: Creation = {
        space,
        row: {
          username: username ?? '',
          domain: space.domain,
          email: email ?? null,
          phone,
          displayName: display_name ?? null,
          dtmfProtocol: dtmf_protocol ?? null,
          activated: isTrue(activated),
          admin: isTrue(admin),
          blocked: isTrue(blocked),
          ipAddress: visit.address,
          userAgent: visit.userAgent ?? space.name,
          locale: null,
        },
        password: password ?? '',
        algorithm,
        dictionary: input.values.dictionary ?? {},
        by: visit,
      }
      const id = await insert(tx, creation, check)
      if (id === null) {
        await check()
        input.refuse('username', { id: 'v.taken' })
        input.settle()
      }
      if (config.LEGACY_API && !creation.row.activated) await confirmationKeys.issue(tx, id as number, keyExpiry)
      return announced(tx, 'created', visit, space, id as number)
    })
    record('account.created', visit, found.account)
    return found
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
    const found = await db.transaction(async (tx) => {
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
      await complete(tx, id)
      return announced(tx, 'created', visit, space, id)
    })
    if (found === null) return null
    record('account.created', visit, found.account)
    return found
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
    checkUsername(input, config, false)
    checkPassword(input, config)
    const algorithm = algorithmFor(input, space.digest)
    const { username, password, dtmf_protocol, domain } = input.values
    // Checked, then ignored. Whether somebody has the number already is not told to a stranger.
    checkPhone(input, await acceptance(input, null))
    if (typeof domain === 'string' && (await spaces.byDomain(domain)) === null) {
      input.refuse('domain', { id: 'v.unknown_domain' })
    }
    await refuseTaken(db.read, input, space, null, 0)
    input.settle()
    const own = { username: username ?? '', password: password ?? '', algorithm, dtmfProtocol: dtmf_protocol ?? null }
    const found = await makeOwn(visit, own, redeem)
    if (found === null) input.refuse('username', { id: 'v.taken' })
    input.settle()
    return found as Found
  }

  /** The request sends the password that the account has already. */
  const isUnchangedPassword = async (
    space: Space,
    current: AccountView | null,
    input: Input<typeof ChangedAccount>,
  ): Promise<boolean> => {
    const { password } = input.values
    if (current === null || typeof password !== 'string') return false
    const stored = await store.passwords(db.read, current.id)
    return isPassword(stored, { username: current.username, realm: realmOf(space) }, password)
  }

  /** `PUT /accounts/{id}`: absent or null e-mail, name, DTMF protocol and phone are cleared, the rest stays. */
  const change = async (
    visit: Visit,
    caller: Caller,
    id: number,
    input: Input<typeof ChangedAccount>,
  ): Promise<Found> => {
    const { values } = input
    const current = await store.byId(db.read, { space: visit.space }, id)
    // What stays as it is may be older than the rule (D46).
    if (values.username !== current?.username) checkUsername(input, config, true)
    if (!(await isUnchangedPassword(visit.space, current, input))) checkPassword(input, config)
    const named = typeof values.domain === 'string' ? await spaces.byDomain(values.domain) : null
    if (typeof values.domain === 'string' && named === null) input.refuse('domain', { id: 'v.unknown_domain' })
    const target = mayActAs(caller, 'super') && named !== null ? named : visit.space
    const hasPassword = typeof values.password === 'string'
    const algorithm = algorithmFor(input, target.digest)
    const phone = checkPhone(input, await acceptance(input, current))
    /** The stored hash contains the old name and realm. */
    const refuseUselessHash = (account: AccountView) => {
      const renamed = values.username !== account.username || target.domain !== account.domain
      if (renamed && !hasPassword && account.algorithms.length > 0) {
        input.refuse('password', { id: 'v.password_with_rename' })
      }
    }
    if (current !== null) refuseUselessHash(current)
    await refuseTaken(db.read, input, target, phone, id)
    input.settle()
    if (current === null) throw unknown()
    if (current.id === caller.id && ((isGiven(values.admin) && !isTrue(values.admin)) || isTrue(values.blocked))) {
      throw new AppError('forbidden', 'account.own_rights')
    }

    let revoked = 0
    const write = async (tx: Tx): Promise<Found> => {
      await last.hold(tx, visit.space, target)
      await hold(tx, visit.space, id)
      // Somebody may have changed it since it was looked at.
      const { account: before } = await viewById(tx, visit.space, id)
      refuseUselessHash(before)
      await refuseTaken(tx, input, target, phone, id)
      input.settle()
      const isMoved = target.domain !== before.domain
      if (isMoved && (await isFull(tx, target, target.maxAccounts))) throw noRoom()
      const standing = standingAfter(before, values)
      await last.refuse(tx, visit.space, {
        id,
        before,
        after: { ...standing, space: target },
        byItself: caller.id === id,
      })
      await store.update(tx, { space: visit.space }, id, {
        username: values.username ?? '',
        domain: target.domain,
        email: values.email ?? null,
        phone,
        displayName: values.display_name ?? null,
        dtmfProtocol: values.dtmf_protocol ?? null,
        ...standing,
        userAgent: visit.userAgent ?? visit.space.name,
        updatedAt: now(),
      })
      if (hasPassword) {
        const realm = target.digest === null ? null : realmOf(target)
        const secret = { username: values.username ?? '', realm, algorithm, password: values.password ?? '', by: visit }
        revoked = await opens.setPassword(tx, id, secret)
        await notices.passwordChanged(tx, visit.space, before, visit)
      }
      if (isMoved) await leaveSpace(tx, id)
      if (standing.blocked !== before.blocked) {
        await notices.blocked(tx, visit.space, before, visit, { isBlocked: standing.blocked, isAutomatic: false })
      }
      if (isMoved && !hasPassword) revoked = await opens.end(tx, id, visit)
      revoked += await opens.follow(tx, before, standing, visit)
      if (standing.admin !== before.admin) revoked += await sessions.revoke(tx, id)
      if (isGiven(values.dictionary)) await dictionary.replace(tx, id, values.dictionary ?? {})
      return announced(tx, 'updated', visit, target, id)
    }
    const found = await db.transaction(write).catch(async (error: unknown) => {
      if (!isCollision(error)) throw error
      // Somebody took the name or the number between our look and our write.
      await refuseTaken(db.read, input, target, phone, id)
      input.settle()
      throw new AppError('conflict', 'account.changed_meanwhile')
    })
    record('account.updated', visit, found.account)
    sessions.recordRevoked(visit, found.account, revoked)
    return found
  }

  const set =
    (event: SecurityEvent, row: Partial<Pick<AccountRow, 'activated' | 'switchedOff' | 'blocked'>>) =>
    async (visit: Visit, id: number): Promise<Found> => {
      if (row.blocked === true && visit.caller?.id === id) throw new AppError('forbidden', 'account.own_rights')
      const { space } = visit
      const { found, revoked } = await db.transaction(async (tx) => {
        await last.hold(tx, space)
        await hold(tx, space, id)
        const { account: before } = await viewById(tx, space, id)
        const after = { ...before, ...row }
        await last.refuse(tx, space, { id, before, after: { ...after, space }, byItself: visit.caller?.id === id })
        await store.update(tx, { space }, id, { ...row, updatedAt: now() })
        const revoked = await opens.follow(tx, before, after, visit)
        if (row.blocked !== undefined && row.blocked !== before.blocked) {
          await notices.blocked(tx, visit.space, before, visit, { isBlocked: row.blocked, isAutomatic: false })
        }
        return { found: await announced(tx, 'updated', visit, visit.space, id), revoked }
      })
      record(event, visit, found.account)
      sessions.recordRevoked(visit, found.account, revoked)
      return found
    }

  /** The name stays reserved, and everything below the account goes with it (behaviour/accounts.md §8). */
  const remove = async (visit: Visit, space: Space, id: number): Promise<void> => {
    const gone = await db.transaction(async (tx) => {
      // One after the other: two accounts that are contacts of each other would wait for each other's rows.
      await last.hold(tx, space)
      await hold(tx, space, id)
      const { account } = await viewById(tx, space, id)
      await last.refuse(tx, space, { id, before: account, after: null, byItself: visit.caller?.id === id })
      await bridge.tellBelow(tx, [id])
      await accountEvents.announce(tx, 'deleted', visit, { account, space })
      await store.delete(tx, { space }, id)
      await store.bury(tx, account.username, account.domain, now())
      await notices.deleted(tx, space, account, visit)
      return account
    })
    record('account.deleted', visit, gone)
  }

  const issueToken = async (visit: Visit, space: Space, id: number): Promise<Found> => {
    const found = await db.transaction(async (tx) => {
      await hold(tx, space, id)
      await provisioningTokens.issue(tx, id, visit)
      return viewById(tx, space, id)
    })
    record('account.provisioned', visit, found.account)
    return found
  }

  /** A new provisioning token, mailed with its QR code (behaviour/accounts.md §6). */
  const sendProvisioning = async (visit: Visit, id: number): Promise<void> => {
    const { space } = visit
    const account = await db.transaction(async (tx) => {
      await hold(tx, space, id)
      const { account: before } = await viewById(tx, space, id)
      if (before.email === null) throw new AppError('forbidden', 'account.no_email')
      const token = await provisioningTokens.issue(tx, id, visit)
      await outbox.add(tx, {
        channel: 'mail',
        kind: 'provisioning',
        spaceId: space.id,
        accountId: id,
        recipient: before.email,
        language: languageOf(before, space, visit.language),
        data: {
          'account.identifier': addressOfRecord(before),
          'account.display_name': before.displayName,
          provisioning_link: `${visit.baseUrl(space)}${config.BASE_PATH}/provisioning/${token}`,
          expires_minutes: config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES,
          registrar: space.accountProxyRegistrarAddress,
        },
        expiresAt: provisioningTokens.expiryOf(now()),
        supersedes: true,
      })
      return before
    })
    record('account.provisioned', visit, account, { via: 'mail' })
  }

  const findBySip = async (space: Space, sip: string): Promise<Found> => {
    const address = parseAddressOfRecord(sip)
    if (address === null || address.domain !== space.domain) throw unknown()
    const account = await store.byUsername(db.read, { space }, address.user)
    if (account === null) throw unknown()
    return { account, space }
  }

  /**
   * For the SIP proxy: a user name in whatever case. It has one address of us for all of its domains, so that a super
   * administrator's key finds accounts of every Space that is in force (the one exception to D41).
   */
  const findForProxy = async (visit: Visit, caller: Caller, sip: string): Promise<Found> => {
    const address = parseAddressOfRecord(sip)
    if (address === null) throw unknown()
    const { user, domain } = address
    const seesAll = mayActAs(caller, 'super') && caller.via === 'key'
    const other = seesAll && domain !== visit.space.domain ? await spaces.byDomain(domain) : null
    const space = other !== null && !isExpired(other, now()) ? other : visit.space
    return findBySip(space, addressOfRecord({ username: user.toLowerCase(), domain }))
  }

  /** `POST /accounts/me/password`: shape and algorithm first, then the old password. */
  const changePassword = async (visit: Visit, caller: Caller, input: Input<typeof NewPassword>): Promise<Found> => {
    const { space } = caller
    if (space.digest === null) throw new AppError('forbidden', 'account.no_digest')
    checkPassword(input, config)
    const algorithm = algorithmFor(input, space.digest)
    input.settle()
    const realm = realmOf(space)
    const stored = await store.passwords(db.read, caller.id)
    if (stored.length > 0) {
      if (input.isMissing('old_password')) input.refuse('old_password', { id: 'v.required' })
      input.settle()
      const guessed = `account ${caller.id}`
      await limits.passwords.attempt(guessed)
      const isRight = isPassword(stored, { username: caller.username, realm }, input.values.old_password ?? '')
      if (!isRight) input.refuse('old_password', { id: 'v.old_password' })
      input.settle()
      await limits.passwords.forget(guessed)
    }
    const secret = { username: caller.username, realm, algorithm, password: input.values.password ?? '', by: visit }
    const { found, revoked } = await db.transaction(async (tx) => {
      const { username } = await hold(tx, space, caller.id)
      // Somebody else may have changed it since it was compared.
      const same = JSON.stringify(await store.passwords(tx, caller.id)) === JSON.stringify(stored)
      if (!same || username !== caller.username) throw new AppError('conflict', 'account.changed_meanwhile')
      const revoked = await opens.setPassword(tx, caller.id, secret)
      await store.activate(tx, { space }, caller.id, now())
      const found = await viewById(tx, space, caller.id)
      await notices.passwordChanged(tx, space, found.account, visit)
      return { found, revoked }
    })
    record('account.password', visit, found.account)
    sessions.recordRevoked(visit, found.account, revoked)
    return found
  }

  return {
    create,
    register,
    makeOwn,
    /** Whether somebody has the name, or had it not long ago. */
    isNameTaken: async (on: Reader, space: Space, username: string): Promise<boolean> => {
      const wanted = { domain: space.domain, username, email: null, phone: null, self: 0 }
      const taken = await store.taken(on, wanted)
      return taken.username || taken.tombstone
    },
    count: (space: Space): Promise<number> => store.count(db.read, { space }),
    /** The Space takes no more accounts; asked before anything else is looked at. */
    refuseFull: async (space: Space): Promise<void> => {
      if (await isFull(db.read, space, space.maxAccounts)) throw noRoom()
    },
    /** For features that create accounts by other rights, inside their own transaction. */
    insert,
    change,
    /** The account of the caller, wherever it lives. */
    ofCaller: async (caller: Caller): Promise<Found> => {
      const account = await ownAccount(`${caller.id}@${caller.domain}`)
      if (account === null) throw unknown()
      return { account, space: caller.space }
    },
    byId: (space: Space, id: number) => viewById(db.read, space, id),
    /** Those of the ids that are accounts of the Space, by id. */
    byIds: (space: Space, ids: readonly number[]): Promise<AccountView[]> => store.byIds(db.read, { space }, ids),
    /** The activation key that an administrator may see while it is pending. */
    pendingKey: async ({ account }: Found) =>
      config.LEGACY_API && !account.activated ? confirmationKeys.pending(db.read, account.id) : null,
    /** `user@domain`, with or without a scheme, in this Space. */
    bySip: findBySip,
    forProxy: findForProxy,
    byEmail: async (space: Space, email: string): Promise<Found> => {
      const account = await store.byEmail(db.read, { space }, email)
      if (account === null) throw unknown()
      return { account, space }
    },
    /** Whose address it is; null: nobody's. */
    ownerOf: (on: Reader, space: Space, email: string) => store.byEmail(on, { space }, email),
    list: accountListing(db, store, now),
    activate: set('account.activated', { activated: true, switchedOff: false }),
    /** Nobody else switches it on again, and until then it is of no use to anybody (D48). */
    deactivate: set('account.deactivated', { activated: false, switchedOff: true }),
    block: set('account.blocked', { blocked: true }),
    unblock: set('account.unblocked', { blocked: false }),
    remove,
    /** A new provisioning token; the older ones become worthless. */
    issueToken,
    sendProvisioning,
    changePassword,
    /** Marks the account of a spent token as activated, unless an administrator has switched it off. */
    activateIn: async (tx: Tx, space: Space, id: number): Promise<void> => {
      await store.activate(tx, { space }, id, now())
    },
    /** The language that the account is spoken to in. */
    setLocale: async (tx: Tx, space: Space, id: number, locale: Language): Promise<void> => {
      await store.update(tx, { space }, id, { locale, updatedAt: now() })
    },
    view: viewById,
    /** The rows with HA1 values, for the provisioning document only. */
    passwordRows: (on: Reader, id: number) => store.passwords(on, id),
    /** A random password that nobody ever sees: the document carries its HA1 (behaviour/provisioning.md §6). */
    resetPassword: async (tx: Tx, by: Visit, space: Space, id: number): Promise<void> => {
      if (space.digest === null) return
      const { username } = await hold(tx, space, id)
      const algorithm = space.digest.defaultPasswordAlgorithm ?? 'SHA-256'
      const password = secrets.token(RESET_PASSWORD_LENGTH)
      await opens.setPassword(tx, id, { username, realm: realmOf(space), algorithm, password, by })
    },
    /**
     * A password set on other proof than the old one: a link or a code in the account's mailbox or phone. The account
     * counts as activated. `revoked`: how many sessions ended.
     */
    setPassword: async (
      tx: Tx,
      { space, id, password, by }: { space: Space; id: number; password: string; by: Visit },
    ): Promise<{ account: AccountView; revoked: number }> => {
      const locked = await store.lockSpace(tx, { space })
      if (locked === null) throw unknown()
      if (locked.realm === null) throw new AppError('forbidden', 'account.no_digest')
      const { username } = await hold(tx, space, id)
      const algorithm = space.digest?.defaultPasswordAlgorithm ?? 'SHA-256'
      const revoked = await opens.setPassword(tx, id, { username, realm: locked.realm, algorithm, password, by })
      await store.activate(tx, { space }, id, now())
      const { account } = await viewById(tx, space, id)
      await notices.passwordChanged(tx, space, account, by)
      return { account, revoked }
    },
    /** Holds the account, and its Space before it: nobody else compares or takes names, numbers and addresses meanwhile. */
    holdIn: async (tx: Tx, space: Space, id: number): Promise<void> => {
      await store.lockSpace(tx, { space })
      await hold(tx, space, id)
    },
    /** Whether the number, or the address where the Space wants it so, belongs to another account. */
    isTaken: async (on: Reader, space: Space, self: number, contact: Contact): Promise<boolean> => {
      const { email = null, phone = null } = contact
      const taken = await collisions(on, { domain: space.domain, username: '', email, phone, self })
      return taken.phone || taken.email
    },
    /** Gives the account a confirmed number or address, and activates it. False: another account has it. For `holdIn`. */
    setContact: async (tx: Tx, space: Space, id: number, contact: Contact): Promise<boolean> => {
      const { email = null, phone = null } = contact
      const taken = await collisions(tx, { domain: space.domain, username: '', email, phone, self: id })
      if (taken.phone || taken.email) return false
      await store.update(tx, { space }, id, { ...contact, updatedAt: now() })
      await store.activate(tx, { space }, id, now())
      return true
    },
    /** For features that change an account in a transaction of their own. */
    announceUpdated: (tx: Tx, visit: Visit, found: Found): Promise<void> =>
      accountEvents.announce(tx, 'updated', visit, found),
    /** Tells whoever must know that these accounts go, in the transaction that deletes them; they are held. */
    announceDeleted: async (tx: Tx, visit: Visit, space: Space, ids: readonly number[]): Promise<void> => {
      await bridge.tellBelow(tx, ids)
      if (!accountEvents.isAwaited('deleted')) return
      for (const account of await store.byIds(tx, { space }, ids)) {
        await accountEvents.announce(tx, 'deleted', visit, { account, space })
      }
    },
    /** Ends all sessions of the account and its own API key. Resolves to how many sessions ended. */
    signOutIn: opens.signOut,
    /** Blocked by the service, not by a person: how many sessions that ended. */
    blockIn: async (tx: Tx, space: Space, id: number, visit: Visit): Promise<number> => {
      await last.hold(tx, space)
      await hold(tx, space, id)
      const { account } = await viewById(tx, space, id)
      const after = { ...account, blocked: true, space }
      await last.refuse(tx, space, { id, before: account, after, byItself: true })
      await store.update(tx, { space }, id, { blocked: true, updatedAt: now() })
      await notices.blocked(tx, space, account, visit, { isBlocked: true, isAutomatic: true })
      return opens.follow(tx, account, after, visit)
    },
    /** For features that keep rows below an account: held, it can neither go nor change. */
    hold,
    /** The same for what opens it: refuses an account that was blocked or switched off meanwhile. */
    holdOpen,
    /** For the command line, which changes accounts by rights of its own. */
    opens,
    last,
    /**
     * A change by an administrator of what is below an account: `work` runs while the account is held, and so is
     * `other`, when the rows name one more.
     */
    edit: async <Result>(
      visit: Visit,
      id: number,
      work: (tx: Tx) => Promise<Result>,
      other: number = id,
    ): Promise<Result> => {
      const { username, result } = await db.transaction(async (tx) => {
        // The lower id first: two edits that name each other's accounts must not wait for each other.
        if (other < id) await hold(tx, visit.space, other)
        const held = await hold(tx, visit.space, id)
        if (other > id) await hold(tx, visit.space, other)
        const result = await work(tx)
        if (accountEvents.isAwaited('updated')) await announced(tx, 'updated', visit, visit.space, id)
        return { ...held, result }
      })
      record('account.updated', visit, { username, domain: visit.space.domain })
      return result
    },
  }
}

export type Accounts = ReturnType<typeof accounts>
