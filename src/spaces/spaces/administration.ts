import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import { isUnderRoot } from '../../config/root-host.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { invalid } from '../../errors.ts'
import type { Input } from '../../http/input.ts'
import type { Logging } from '../../logging/logging.ts'
import type { Caller } from '../../nouns/caller.ts'
import { type AdministeredSpace, realmOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { adjustments } from './adjustments.ts'
import { type SpaceRow, spaceAdministrationStore } from './administration-store.ts'
import { type AnnounceDeleted, spaceDeletion } from './deletion.ts'
import { checkDigest } from './digest-configuration.ts'
import type { SpaceDirectory } from './directory.ts'
import { namedSpaces } from './named-spaces.ts'
import type { SpaceNews } from './news.ts'
import {
  type ChangedNames,
  type ChangedSpace,
  checkDomain,
  checkEntries,
  checkExpiry,
  columnsOf,
  type NewSpace,
  refuseReadOnly,
} from './rules.ts'
import { storedSpaces } from './stored-spaces.ts'

/** What administering Spaces means (behaviour/spaces.md §1.3); super administrators and the command line only. */
export const spaceAdministration = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  spaceNews: SpaceNews
  announceDeleted: AnnounceDeleted
  /** The files of a Space that nobody will see again. */
  removeFiles(spaceId: number): Promise<void>
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, spaces, spaceNews, log, now } = deps
  const store = spaceAdministrationStore(db)
  const { find, insert, initialDigest, sharedEmails, refuseLockOut, record, recordChange } = storedSpaces(deps)

  const refuseTaken = async (
    on: Reader,
    input: Input<typeof NewSpace> | Input<typeof ChangedNames>,
    domain: string | null,
    self: string,
  ) => {
    const { name, host } = input.values
    const taken = await store.taken(on, { name, host, domain }, self)
    if (taken.name) input.refuse('name', { id: 'v.taken' })
    if (taken.host) input.refuse('host', { id: 'v.taken' })
    if (taken.domain) input.refuse('domain', { id: 'v.taken' })
  }

  /** `POST /spaces`. A host outside `APP_ROOT_HOST` is only logged: its requests are answered with 503 until fixed. */
  const create = async (visit: Visit, input: Input<typeof NewSpace>): Promise<AdministeredSpace> => {
    const { values } = input
    checkDomain(input, 'domain', values.domain)
    checkDomain(input, 'host', values.host)
    checkEntries(input)
    refuseReadOnly(input, null)
    const expireAt = checkExpiry(input, now())
    if (expireAt !== null && values.super) input.refuse('expire_at', { id: 'v.super_expires' })
    const { digest } = checkDigest(input, values.domain, undefined, initialDigest())
    await refuseTaken(db.read, input, values.domain, '')
    const wanted = input.settle()
    const at = now()
    const row: SpaceRow = {
      ...columnsOf(wanted),
      expireAt,
      name: wanted.name,
      domain: wanted.domain,
      host: wanted.host,
      maxAccounts: wanted.max_accounts ?? 0,
      maxAccount: wanted.max_account ?? 0,
      createdAt: at,
      updatedAt: at,
    }
    const space = await db.transaction(async (tx) => {
      if (!(await insert(tx, row, digest))) {
        await refuseTaken(tx, input, row.domain, '')
        input.settle()
        throw invalid('domain', 'v.taken')
      }
      const created = await find(tx, row.domain)
      await spaceNews.tell(tx, 'space.created', created)
      await record(tx, 'space.created', visit, created)
      return created
    })
    spaces.forget()
    if (!isUnderRoot(config, space.host)) log.app.warn('space host lies outside APP_ROOT_HOST', { host: space.host })
    return space
  }

  /**
   * A host that stays is not looked at: `APP_ROOT_HOST` may have changed, or the command line have given a LAN name.
   */
  const checkNewHost = (names: Input<typeof ChangedNames>, space: Space) => {
    if (names.values.host === space.host) return
    checkDomain(names, 'host', names.values.host)
    const { host } = names.good
    if (host !== null && !isUnderRoot(config, host)) names.refuse('host', { id: 'v.outside_root' })
  }

  /**
   * `PUT` and `PATCH /spaces/{domain}`: absent texts are cleared, `domain` in the body is ignored. Refuses in the order
   * of behaviour/spaces.md §1.3: what is required, an unknown Space, quota and rights, then name and host.
   */
  const change = async (
    visit: Visit,
    caller: Caller,
    domain: string,
    body: { rest: Input<typeof ChangedSpace>; names: Input<typeof ChangedNames> },
  ): Promise<AdministeredSpace> => {
    const { rest, names } = body
    checkEntries(rest)
    const expireAt = checkExpiry(rest, now())
    const wanted = rest.settle()
    await find(db.read, domain)

    const write = async (tx: Tx) => {
      await store.hold(tx, domain)
      const before = await find(tx, domain)
      const count = await store.accountCount(tx, domain)
      const quota = wanted.max_accounts
      if (quota > 0 && quota < count) rest.refuse('max_accounts', { id: 'v.minimum', values: { min: count } })
      await refuseLockOut(tx, rest, { space: before, caller, asSuper: wanted.super, expireAt })
      refuseReadOnly(rest, before)
      const shared = wanted.unique_email ? await sharedEmails(tx, before) : null
      if (shared !== null) rest.refuse('unique_email', shared)
      const { digest, realmFrom } = checkDigest(rest, domain, before.digest, initialDigest())
      if (count > 0 && digest !== null && (digest.realm ?? domain) !== realmOf(before)) {
        rest.refuse(realmFrom, { id: 'v.realm_fixed' })
      }
      rest.settle()
      checkNewHost(names, before)
      await refuseTaken(tx, names, domain, domain)
      const { name, host } = names.settle()
      await store.update(tx, domain, {
        ...columnsOf(wanted),
        expireAt,
        name,
        host,
        maxAccounts: quota,
        maxAccount: wanted.max_account,
        updatedAt: now(),
      })
      await store.setDigest(tx, before.id, digest, now())
      const after = await find(tx, domain)
      await spaceNews.tell(tx, 'space.updated', after)
      await recordChange(tx, visit, before, after)
      return { before, after }
    }
    const changed = await db.transaction(write).catch((error: unknown) => {
      // Somebody took the name or the host between our look and our write: the next look sees it.
      if (isCollision(error)) return null
      throw error
    })
    if (changed === null) return change(visit, caller, domain, body)
    spaces.forget()
    return changed.after
  }

  return {
    list: () => store.all(db.read),
    byDomain: (domain: string) => find(db.read, domain),
    isEmpty: () => store.isEmpty(db.read),
    create,
    change,
    ...adjustments(deps),
    ...spaceDeletion(deps),
    /** For the command line: `upsert` creates the Space, or changes what is given (behaviour/spaces.md §7). */
    ...namedSpaces(deps),
  }
}

export type SpaceAdministration = ReturnType<typeof spaceAdministration>
