import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { type Input, isTrue } from '../../http/input.ts'
import type { Visit } from '../../http/visit.ts'
import type { Logging, SecurityEvent } from '../../logging/logging.ts'
import { isDomain, isIpAddress } from '../../protocols/sip-address.ts'
import type { Caller } from '../authentication/caller.ts'
import { type SpaceRow, spaceAdministrationStore } from './administration-store.ts'
import type { SpaceDirectory } from './directory.ts'
import {
  type ChangedSpace,
  checkDomain,
  checkEntries,
  checkExpiry,
  FLAGS,
  type FlagName,
  type NewSpace,
  type SpaceInput,
  TEXTS,
  type TextName,
} from './rules.ts'
import { type DigestConfiguration, type PasswordAlgorithm, realmOf, type Space } from './space.ts'

/** Accounts that one transaction deletes: the loop is free again after each. */
const DELETE_BATCH = 500

const isAlgorithm = (value: unknown): value is PasswordAlgorithm => value === 'MD5' || value === 'SHA-256'

/** What administering Spaces means (spec spaces.md); super administrators and the command line only. */
export const spaceAdministration = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  log: Logging
  now: () => Date
}) => {
  const { config, db, spaces, log, now } = deps
  const store = spaceAdministrationStore(db)

  const record = (event: SecurityEvent, domain: string, visit: Visit | null, fields: readonly string[] = []) => {
    const caller = visit?.caller ?? null
    log.security(event, {
      space: domain,
      ip: visit?.address ?? null,
      by: caller === null ? 'command line' : `${caller.username}@${caller.domain}`,
      fields: fields.length === 0 ? undefined : fields.join(','),
      rid: visit?.id ?? null,
    })
  }

  const find = async (on: Reader, domain: string): Promise<Space> => {
    const space = await store.byDomain(on, domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    return space
  }

  const columnsOf = (input: SpaceInput, expireAt: Date | null): Partial<SpaceRow> => {
    const { values } = input
    const flags = Object.entries(FLAGS).flatMap(([name, column]) => {
      const value = values[name as FlagName]
      return value === undefined || value === null ? [] : [[column, isTrue(value)]]
    })
    const texts = Object.entries(TEXTS).map(([name, column]) => [column, values[name as TextName] ?? null])
    const header = values.provisioning_use_linphone_provisioning_header
    return {
      ...Object.fromEntries(flags),
      ...Object.fromEntries(texts),
      ...(header === undefined || header === null ? {} : { provisioningUseLinphoneProvisioningHeader: isTrue(header) }),
      expireAt,
      themeHue: values.theme_hue ?? null,
    }
  }

  /**
   * The digest configuration that the body asks for: the object, or the two attributes of the generation before;
   * `current` where it says nothing. A realm equal to the SIP domain is no realm of its own.
   */
  const digestOf = (
    input: SpaceInput,
    domain: string,
    current: DigestConfiguration | null,
  ): DigestConfiguration | null => {
    const { values } = input
    const given = values.digest_authentication_configuration
    if (given === null && input.has('digest_authentication_configuration')) return null
    const object =
      typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {}
    const has = (name: string, older: 'account_realm' | 'account_default_password_algorithm') =>
      Object.hasOwn(object, name) || input.has(older)
    const pick = (name: string, older: 'account_realm' | 'account_default_password_algorithm') =>
      Object.hasOwn(object, name) ? object[name] : values[older]

    let realm = current?.realm ?? null
    if (has('realm', 'account_realm')) {
      const wanted = pick('realm', 'account_realm') ?? null
      if (wanted !== null && (typeof wanted !== 'string' || !(isDomain(wanted) || wanted === domain))) {
        input.refuse(input.has('account_realm') ? 'account_realm' : 'digest_authentication_configuration', {
          id: 'v.domain',
        })
      } else realm = wanted === domain ? null : wanted
    }
    let algorithm = current?.defaultPasswordAlgorithm ?? null
    if (has('default_password_algorithm', 'account_default_password_algorithm')) {
      const wanted = pick('default_password_algorithm', 'account_default_password_algorithm') ?? null
      if (wanted !== null && !isAlgorithm(wanted)) {
        const field = input.has('account_default_password_algorithm')
          ? 'account_default_password_algorithm'
          : 'digest_authentication_configuration'
        input.refuse(field, { id: 'v.choice', values: { choices: 'MD5, SHA-256' } })
      } else algorithm = wanted
    }
    return { realm, defaultPasswordAlgorithm: algorithm }
  }

  const refuseTaken = async (on: Reader, input: SpaceInput, domain: string, self: string) => {
    const { name, host } = input.values
    const taken = await store.taken(on, { name: name ?? '', host: host ?? '', domain }, self)
    if (taken.name) input.refuse('name', { id: 'v.taken' })
    if (taken.host) input.refuse('host', { id: 'v.taken' })
    if (taken.domain) input.refuse('domain', { id: 'v.taken' })
  }

  const defaults = (): DigestConfiguration => ({
    realm: null,
    defaultPasswordAlgorithm: config.ACCOUNT_DEFAULT_PASSWORD_ALGORITHM,
  })

  const insert = async (tx: Tx, row: SpaceRow, digest: DigestConfiguration | null): Promise<boolean> => {
    const id = await store.insert(tx, {
      uniqueEmail: config.ACCOUNT_EMAIL_UNIQUE,
      provisioningUseLinphoneProvisioningHeader: config.PROVISIONING_HEADER_REQUIRED_DEFAULT,
      ...row,
    })
    if (id !== null && digest !== null) await store.setDigest(tx, id, digest, now())
    return id !== null
  }

  /** `POST /spaces`. A host outside `APP_ROOT_HOST` is only logged: its requests are answered with 503 until fixed. */
  const create = async (visit: Visit, input: Input<typeof NewSpace>): Promise<Space> => {
    const { values } = input
    checkDomain(input, 'domain', values.domain)
    checkDomain(input, 'host', values.host)
    checkEntries(input)
    const expireAt = checkExpiry(input, now())
    if (expireAt !== null && isTrue(values.super)) input.refuse('expire_at', { id: 'v.super_expires' })
    const { name = '', domain = '', host = '' } = values
    const digest = digestOf(input, domain ?? '', defaults())
    await refuseTaken(db.read, input, domain ?? '', '')
    input.settle()
    const at = now()
    const row: SpaceRow = {
      ...columnsOf(input, expireAt),
      name: name ?? '',
      domain: domain ?? '',
      host: host ?? '',
      maxAccounts: values.max_accounts ?? 0,
      maxAccount: values.max_account ?? 0,
      createdAt: at,
      updatedAt: at,
    }
    const space = await db.transaction(async (tx) => {
      if (!(await insert(tx, row, digest))) {
        await refuseTaken(tx, input, row.domain, '')
        input.refuse('domain', { id: 'v.taken' })
        input.settle()
      }
      return find(tx, row.domain)
    })
    spaces.forget()
    record('space.created', space.domain, visit)
    if (!isUnderRoot(space.host)) log.app.warn('space host lies outside APP_ROOT_HOST', { host: space.host })
    return space
  }

  const isUnderRoot = (host: string) => host === config.APP_ROOT_HOST || host.endsWith(`.${config.APP_ROOT_HOST}`)

  /** Nobody may lock itself, or everybody, out (spec spaces.md §1.4). */
  const refuseLockOut = async (
    tx: Tx,
    input: Input<typeof ChangedSpace>,
    space: Space,
    caller: Caller,
    expireAt: Date | null,
  ) => {
    const own = caller.space.id === space.id
    const asSuper = isTrue(input.values.super)
    if (space.super && !asSuper && (own || (await store.otherSupers(tx, space.domain)) === 0)) {
      input.refuse('super', { id: 'v.own_super' })
    }
    if (expireAt !== null && (asSuper || own)) input.refuse('expire_at', { id: 'v.super_expires' })
  }

  /** `PUT` and `PATCH /spaces/{domain}`: absent texts are cleared, `domain` in the body is ignored. */
  const change = async (
    visit: Visit,
    caller: Caller,
    domain: string,
    input: Input<typeof ChangedSpace>,
  ): Promise<Space> => {
    const { values } = input
    checkEntries(input)
    const expireAt = checkExpiry(input, now())
    input.settle()
    const before = await find(db.read, domain)
    if (values.host !== before.host) {
      checkDomain(input, 'host', values.host)
      if (input.isGood('host') && !isUnderRoot(values.host ?? '')) input.refuse('host', { id: 'v.outside_root' })
    }
    const digest = digestOf(input, domain, before.digest ?? defaults())
    const untouched =
      before.digest === null && !input.has('digest_authentication_configuration') && !input.has('account_realm')
    const changed = await db.transaction(async (tx) => {
      await store.lock(tx, domain)
      const current = await find(tx, domain)
      await refuseLockOut(tx, input, current, caller, expireAt)
      const count = await store.accountCount(tx, domain)
      const quota = values.max_accounts ?? 0
      if (quota > 0 && quota < count) input.refuse('max_accounts', { id: 'v.minimum', values: { min: count } })
      const wantedRealm = digest?.realm ?? domain
      if (count > 0 && digest !== null && !untouched && wantedRealm !== realmOf(current)) {
        input.refuse('account_realm', { id: 'v.realm_fixed' })
      }
      await refuseTaken(tx, input, domain, domain)
      input.settle()
      await store.update(tx, domain, {
        ...columnsOf(input, expireAt),
        name: values.name ?? '',
        host: values.host ?? '',
        maxAccounts: quota,
        maxAccount: values.max_account ?? 0,
        updatedAt: now(),
      })
      if (!untouched) await store.setDigest(tx, current.id, digest, now())
      return find(tx, domain)
    })
    spaces.forget()
    const fields = Object.keys(changed).filter((key) => {
      const name = key as keyof Space
      return name !== 'updatedAt' && JSON.stringify(changed[name]) !== JSON.stringify(before[name])
    })
    record('space.updated', domain, visit, fields)
    return changed
  }

  /** Accounts go first, in batches; whoever slips in meanwhile goes with the row. */
  const remove = async (visit: Visit, caller: Caller, domain: string): Promise<void> => {
    const space = await find(db.read, domain)
    if (space.id === caller.space.id) throw new AppError('forbidden', 'space.own')
    if (space.super && (await store.otherSupers(db.read, domain)) === 0)
      throw new AppError('forbidden', 'space.last_super')
    const batch = () => db.transaction((tx) => store.removeAccounts(tx, domain, DELETE_BATCH))
    while ((await batch()) === DELETE_BATCH) await Bun.sleep(0)
    const removed = await db.transaction(async (tx) => {
      if (space.super && (await store.otherSupers(tx, domain)) === 0)
        throw new AppError('forbidden', 'space.last_super')
      return store.remove(tx, domain)
    })
    if (!removed) throw new AppError('not_found', 'space.unknown')
    spaces.forget()
    record('space.deleted', domain, visit)
  }

  /** The command line may name addresses and single labels, for a LAN. */
  const isHost = (host: string) => isDomain(host) || isIpAddress(host) || /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(host)

  const upsert = async (wanted: {
    domain: string
    host: string
    name: string
    super?: boolean
    realm?: string
    algorithm?: PasswordAlgorithm
  }): Promise<{ space: Space; created: boolean }> => {
    const { domain, host, name } = wanted
    if (!isHost(domain)) throw new AppError('invalid', 'v.domain', { values: { field: 'sip_domain' } })
    if (!isHost(host)) throw new AppError('invalid', 'v.domain', { values: { field: 'host' } })
    const result = await db.transaction(async (tx) => {
      const taken = await store.taken(tx, { name, host, domain }, domain)
      if (taken.host) throw new AppError('conflict', 'space.host_taken', { values: { host } })
      if (taken.name) throw new AppError('conflict', 'space.name_taken', { values: { name } })
      const current = await store.byDomain(tx, domain)
      const at = now()
      const realm =
        wanted.realm === undefined ? (current?.digest?.realm ?? null) : wanted.realm === domain ? null : wanted.realm
      const base = current?.digest ?? defaults()
      const digest = { realm, defaultPasswordAlgorithm: wanted.algorithm ?? base.defaultPasswordAlgorithm }
      if (current === null) {
        const row = { domain, host, name, super: wanted.super ?? false, createdAt: at, updatedAt: at }
        if (!(await insert(tx, row, digest))) throw new AppError('conflict', 'space.host_taken', { values: { host } })
        return { space: await find(tx, domain), created: true }
      }
      if (current.super && wanted.super === false && (await store.otherSupers(tx, domain)) === 0) {
        throw new AppError('forbidden', 'space.last_super')
      }
      if ((realm ?? domain) !== realmOf(current) && (await store.accountCount(tx, domain)) > 0) {
        throw new AppError('conflict', 'v.realm_fixed', { values: { field: 'realm' } })
      }
      await store.update(tx, domain, { host, name, super: wanted.super ?? current.super, updatedAt: at })
      await store.setDigest(tx, current.id, digest, at)
      return { space: await find(tx, domain), created: false }
    })
    spaces.forget()
    record(result.created ? 'space.created' : 'space.updated', domain, null)
    return result
  }

  return {
    list: () => store.all(db.read),
    byDomain: (domain: string) => find(db.read, domain),
    isEmpty: () => store.isEmpty(db.read),
    create,
    change,
    remove,
    /** For the command line: creates the Space, or changes what is given (spec ops.md §2). */
    upsert,
  }
}

export type SpaceAdministration = ReturnType<typeof spaceAdministration>
