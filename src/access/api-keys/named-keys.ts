import type { Audit, Cause } from '../../audit/audit.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Input } from '../../http/input.ts'
import { type Caller, mayActAs, refuseNamedKey } from '../../nouns/caller.ts'
import { everySpace } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { canonicalNetwork } from '../../protocols/ip-address.ts'
import { type Addressed, parseAddressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { type ApiKeys, KEY_LENGTH } from './api-keys.ts'
import {
  type ChangedApiKey,
  changesOf,
  type KeyLimits,
  type NewApiKey,
  networksOf,
  newKey,
  refuseMore,
} from './rules.ts'
import { apiKeyStore, type KeyFilter, type NamedKeyRow, type Reach } from './store.ts'

/** Of one account: each has a limit of volume of its own. */
const MOST_KEYS = 20

/** What of a key is shown again: enough to be recognised, and 34 characters short of being guessed. */
const PREFIX_LENGTH = 6

const MOST_ID = 0x7fffffff

/** What is known of a named key, but never the key. */
export interface NamedKey extends KeyLimits {
  readonly id: number
  readonly name: string
  /** null: it was made when nobody kept it. */
  readonly prefix: string | null
  readonly requests: number
  readonly createdAt: Date
  /** null: never. */
  readonly lastUsedAt: Date | null
  readonly lastUsedAddress: string | null
  readonly owner: Addressed & { readonly id: number }
}

/** A key that was just made: `key` is shown this once. */
export interface MadeKey {
  readonly key: string
  readonly named: NamedKey
}

const EVERYTHING: KeyFilter = { domain: null, accountId: null }

/** Their own; an administrator's also those of the Space; a super administrator's all. */
const reachOf = (caller: Caller): Reach => {
  if (mayActAs(caller, 'super')) return everySpace('super administrator')
  return mayActAs(caller, 'admin') ? { space: caller.space } : { accountId: caller.id }
}

const columnsOf = ({ scope, networks, idleMinutes, expireAt }: KeyLimits) => ({
  scope,
  networks: networks.length === 0 ? null : networks.map(canonicalNetwork).join(' '),
  expiresAfterLastUsedMinutes: idleMinutes,
  expireAt,
})

/** As clients know the fields. */
const differences = (before: NamedKey | null, after: NamedKey) => {
  const pair = <Value>(of: (key: NamedKey) => Value) => [before === null ? null : of(before), of(after)] as const
  return {
    name: pair(({ name }) => name),
    scope: pair(({ scope }) => scope),
    networks: pair(({ networks }) => networks.map(canonicalNetwork)),
    expires_after_last_used_minutes: pair(({ idleMinutes }) => idleMinutes),
    expire_at: pair(({ expireAt }) => expireAt?.toISOString() ?? null),
  }
}

/** Keys that programs have, each with a name and limits of its own (behaviour/requests.md §5.2). */
export const namedKeys = (deps: {
  db: Db
  secrets: Secrets
  spaces: SpaceDirectory
  apiKeys: ApiKeys
  audit: Audit
  now: () => Date
}) => {
  const { db, secrets, spaces, apiKeys, audit, now } = deps
  const store = apiKeyStore(db)

  const unknown = () => new AppError('not_found', 'api_key.unknown')

  const shown = (row: NamedKeyRow): NamedKey => {
    const use = apiKeys.unwritten(row.id)
    const requests = row.requests + (use?.requests ?? 0)
    return {
      id: row.id,
      name: row.name ?? '',
      prefix: row.prefix,
      scope: row.scope,
      networks: row.networks === null ? [] : networksOf(row.networks),
      idleMinutes: row.idleMinutes,
      expireAt: row.expireAt,
      requests,
      createdAt: row.createdAt,
      lastUsedAt: requests === 0 ? null : (use?.lastUsedAt ?? row.lastUsedAt),
      lastUsedAddress: use?.address ?? row.lastUsedAddress,
      owner: { id: row.accountId, username: row.username, domain: row.domain },
    }
  }

  const one = async (on: Tx | Db['read'], reach: Reach, id: number): Promise<NamedKey> => {
    const row = await store.named(on, reach, id)
    if (row === null) throw unknown()
    return shown(row)
  }

  /** `before` null: it was just made; `after` null: it was just ended. */
  const record = async (tx: Tx, by: Cause, before: NamedKey | null, after: NamedKey | null): Promise<void> => {
    const named = after ?? before
    if (named === null) return
    const { id, name, owner } = named
    const action = before === null ? 'apikey.created' : after === null ? 'apikey.deleted' : 'apikey.updated'
    const changed = after === null ? {} : { changed: differences(before, after) }
    const space = await spaces.byDomain(owner.domain)
    await audit.record(tx, action, {
      by,
      space,
      about: owner,
      ...changed,
      detail: { object: id },
      line: { label: name },
    })
  }

  const make = async (
    by: Cause,
    accountId: number,
    wanted: KeyLimits & { readonly name: string },
  ): Promise<MadeKey> => {
    const key = secrets.token(KEY_LENGTH)
    const named = await db.transaction(async (tx) => {
      if (!(await store.holdOwner(tx, accountId))) throw new AppError('not_found', 'account.unknown')
      const filter = { ...EVERYTHING, accountId }
      if ((await store.count(tx, { accountId }, filter)) >= MOST_KEYS)
        throw new AppError('conflict', 'api_key.most', { values: { count: MOST_KEYS } })
      const at = now()
      const { id } = await store.insert(tx, {
        accountId,
        key: secrets.hash(key),
        name: wanted.name,
        prefix: key.slice(0, PREFIX_LENGTH),
        ...columnsOf(wanted),
        lastUsedAt: at,
        createdAt: at,
        updatedAt: at,
      })
      const named = await one(tx, { accountId }, id)
      await record(tx, by, null, named)
      return named
    })
    return { key, named }
  }

  const remove = (by: Cause, reach: Reach, id: number): Promise<NamedKey> =>
    db.transaction(async (tx) => {
      const named = await one(tx, reach, id)
      if (!(await store.delete(tx, id))) throw unknown()
      await record(tx, by, named, null)
      return named
    })

  const change = (
    by: Cause,
    reach: Reach,
    id: number,
    input: Input<typeof ChangedApiKey>,
    check: (before: NamedKey) => void = () => {},
  ): Promise<NamedKey> => {
    const { name, ...wanted } = changesOf(input, now())
    return db.transaction(async (tx) => {
      if (!(await store.hold(tx, reach, id, now()))) throw unknown()
      const before = await one(tx, reach, id)
      check(before)
      const after = { ...before, ...wanted }
      refuseMore(before, after)
      await store.update(tx, id, { ...(name === undefined ? {} : { name }), ...columnsOf(after) })
      const named = await one(tx, reach, id)
      await record(tx, by, before, named)
      return named
    })
  }

  return {
    /** Of those that the caller may see, by id; a page beyond the end is empty. */
    list: async (caller: Caller, filter: KeyFilter, page: { readonly from: number; readonly most: number }) => {
      const reach = reachOf(caller)
      const total = await store.count(db.read, reach, filter)
      const rows = await store.page(db.read, reach, filter, page.from, page.most)
      return { total, keys: rows.map(shown) }
    },
    find: (caller: Caller, id: number): Promise<NamedKey> => one(db.read, reachOf(caller), id),
    /** For the caller, and by its password, a session or its own key: a named key makes none. */
    create: async (visit: Visit, caller: Caller, input: Input<typeof NewApiKey>): Promise<MadeKey> => {
      refuseNamedKey(caller)
      return make(visit, caller.id, newKey(input, now()))
    },
    /** A new name, or less than before; more takes a new key. */
    change: async (
      visit: Visit,
      caller: Caller,
      id: number,
      input: Input<typeof ChangedApiKey>,
      /** May refuse what the key has become meanwhile. */
      check?: (before: NamedKey) => void,
    ): Promise<NamedKey> => change(visit, reachOf(caller), id, input, check),
    /** It stops working at once. */
    revoke: async (visit: Visit, caller: Caller, id: number): Promise<void> => {
      await remove(visit, reachOf(caller), id)
    },

    /** From the command line, for whichever account: by id, or by `user@domain`. */
    createFor: async (reference: string, input: Input<typeof NewApiKey>): Promise<MadeKey> => {
      const wanted = newKey(input, now())
      const owner = await store.owner(db.read, everySpace('command line'), whoIs(reference))
      if (owner === null) throw new AppError('not_found', 'account.unknown')
      return make(null, owner.id, wanted)
    },
    /** All there are, by id. */
    all: async (filter: { readonly domain: string | null; readonly account: string | null }): Promise<NamedKey[]> => {
      const everywhere = everySpace('command line')
      const owner = filter.account === null ? null : await store.owner(db.read, everywhere, whoIs(filter.account))
      if (filter.account !== null && owner === null) throw new AppError('not_found', 'account.unknown')
      const wanted = { domain: filter.domain, accountId: owner?.id ?? null }
      return (await store.page(db.read, everywhere, wanted, 0, MOST_ID)).map(shown)
    },
    /** From the command line: any key. */
    rename: async (id: number, input: Input<typeof ChangedApiKey>): Promise<NamedKey> =>
      change(null, everySpace('command line'), id, input),
    end: (id: number): Promise<NamedKey> => remove(null, everySpace('command line'), id),
  }
}

const whoIs = (reference: string) =>
  parseAddressOfRecord(reference) ??
  ({ id: /^\d{1,10}$/.test(reference) && Number(reference) <= MOST_ID ? Number(reference) : 0 } as const)

export type NamedKeys = ReturnType<typeof namedKeys>
