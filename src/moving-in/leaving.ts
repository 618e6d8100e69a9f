import type { Audit } from '../audit/audit.ts'
import type { Db, Tx } from '../db/db.ts'
import type { Files } from '../files/files.ts'
import type { Secrets } from '../secrets.ts'
import { BEGINNING, END, insertOf, type OutgoingRow } from './dump.ts'
import { leavingAccounts } from './leaving-accounts.ts'
import { leavingStatistics } from './leaving-statistics.ts'
import { leavingStore } from './leaving-store.ts'
import { accountColumns, LENGTHS, type Leaving, spaceColumns, stamps } from './their-columns.ts'

/** Rows of one statement. */
const PAGE = 500

/** What most of the work is, as it is called there and here: progress is counted in their rows. */
const LONG_TABLES = [
  ['accounts', 'accounts'],
  ['statistics_messages', 'statisticsMessages'],
  ['statistics_calls', 'statisticsCalls'],
] as const

/** What the account manager has no place for, or what is kept as a hash only, and so cannot be told. */
const STAYING = [
  ['apiKeys', 'API keys are stored as hashes: make them anew there'],
  ['accountCreationTokens', 'tokens are stored as hashes'],
  ['accountRecoveryTokens', 'tokens are stored as hashes'],
  ['wizards', 'their tokens are stored as hashes'],
  ['webhooks', 'there are none there'],
  ['statisticsConferences', 'there are none there'],
] as const

/** Our rows as SQL for an empty database of an account manager: the way back (docs/moving-in.md). */
export const leaving = (deps: { db: Db; secrets: Secrets; files: Files; audit: Audit }) => {
  const { db, secrets, files, audit } = deps
  const store = leavingStore(db)

  return (wishes: Leaving): Promise<void> => {
    const { write, onTable, onLoss, target } = wishes
    const written = new Map<string, number>()
    let total = 0

    /** Leaves out what would be cut. */
    const fitting = (table: string, rows: readonly OutgoingRow[]): OutgoingRow[] =>
      rows.filter((row) => {
        const long = Object.entries(row).find(([column, cell]) => {
          const most = LENGTHS[`${table}.${column}`] ?? LENGTHS[column]
          return typeof cell === 'string' && most !== undefined && [...cell].length > most
        })
        if (long !== undefined) onLoss(table, String(row.id ?? row.account_id ?? ''), `its ${long[0]} is too long`)
        return long === undefined
      })

    const put = async (table: string, all: readonly OutgoingRow[]): Promise<void> => {
      const rows = fitting(table, all)
      written.set(table, (written.get(table) ?? 0) + rows.length)
      for (let at = 0; at < rows.length; at += PAGE) await write(insertOf(table, rows.slice(at, at + PAGE)))
      const done = LONG_TABLES.reduce((sum, [theirs]) => sum + (written.get(theirs) ?? 0), 0)
      wishes.onProgress(done, total)
    }

    const spaces = async (tx: Tx): Promise<void> => {
      const digests = new Map(
        (await store.all(tx, 'spaceDigestAuthenticationConfigurations')).map((d) => [d.spaceId, d]),
      )
      const all = await store.all(tx, 'spaces')
      await put(
        'spaces',
        all.map((space) => spaceColumns(space, digests.get(space.id) ?? null, target)),
      )
      const rows = all.flatMap(({ id, domain }) => {
        const digest = digests.get(id)
        if (digest === undefined) return []
        const algorithm = digest.defaultPasswordAlgorithm ?? 'SHA-256'
        return {
          id: digest.id,
          realm: digest.realm ?? domain,
          default_password_algorithm: algorithm,
          space_id: id,
          ...stamps(digest),
        }
      })
      if (target === '2026') await put('space_digest_authentication_configurations', rows)
      await put(
        'space_email_servers',
        (await store.all(tx, 'spaceEmailServers')).map((server) => ({
          id: server.id,
          host: server.host,
          port: server.port,
          username: server.username,
          password: secrets.reveal(server.password),
          from_address: server.fromAddress,
          from_name: server.fromName,
          signature: server.signature,
          space_id: server.spaceId,
          ...stamps(server),
        })),
      )
      await put(
        'space_carddav_servers',
        (await store.all(tx, 'spaceCarddavServers')).map((server) => ({
          id: server.id,
          enabled: server.enabled,
          uri: server.uri,
          min_characters: server.minCharacters,
          results_limit: server.resultsLimit,
          timeout: server.timeout,
          delay: server.delay,
          fields_for_user_input: server.fieldsForUserInput,
          fields_for_domain: server.fieldsForDomain,
          use_exact_match_policy: server.useExactMatchPolicy,
          space_id: server.spaceId,
          ...stamps(server),
        })),
      )
    }

    /** Titles are unique in all Spaces there, and so are the keys of types. Resolves to which type stands for which. */
    const labels = async (tx: Tx): Promise<ReadonlyMap<number, number>> => {
      const domains = new Map((await store.all(tx, 'spaces')).map(({ id, domain }) => [id, domain]))
      const titles = new Set<string>()
      const lists = (await store.all(tx, 'contactsLists')).map((list) => {
        const title = titles.has(list.title.toLowerCase()) ? `${list.title} (${domains.get(list.spaceId)})` : list.title
        titles.add(title.toLowerCase())
        return { id: list.id, title, description: list.description, space_id: list.spaceId, ...stamps(list) }
      })
      await put('contacts_lists', lists)
      const [first, standsFor] = [new Map<string, number>(), new Map<number, number>()]
      const types = (await store.all(tx, 'accountTypes')).filter(({ id, key }) => {
        const other = first.get(key.toLowerCase())
        standsFor.set(id, other ?? id)
        if (other === undefined) first.set(key.toLowerCase(), id)
        return other === undefined
      })
      await put(
        'account_types',
        types.map((type) => ({ id: type.id, key: type.key, ...stamps(type) })),
      )
      return standsFor
    }

    const others = async (tx: Tx): Promise<void> => {
      for await (const page of store.pages(tx, 'accountsTombstones', PAGE)) {
        await put(
          'accounts_tombstones',
          page.map((one) => ({ id: one.id, username: one.username, domain: one.domain, ...stamps(one) })),
        )
      }
      await put(
        'phone_countries',
        (await store.all(tx, 'phoneCountries')).map((one) => ({
          code: one.code,
          country_code: one.countryCode,
          activated: one.activated,
          ...stamps(one),
        })),
      )
      for (const [name, reason] of STAYING) {
        const count = await store.count(tx, name)
        if (count > 0) onLoss(name, `all ${count}`, reason)
      }
    }

    const around = { store, put, wishes }
    const moveBelongings = leavingAccounts({ ...around, secrets, files })
    const moveStatistics = leavingStatistics(around)
    return db.transaction(async (tx) => {
      const about = { kind: 'database', id: null } as const
      await audit.record(tx, 'export.run', { by: null, space: null, about, detail: { kind: 'accounts with hashes' } })
      for (const line of BEGINNING) await write(line)
      for (const [, ours] of LONG_TABLES) total += await store.count(tx, ours)
      await spaces(tx)
      const types = await labels(tx)
      for await (const page of store.pages(tx, 'accounts', PAGE)) {
        await put('accounts', page.map(accountColumns))
        await moveBelongings(tx, page[0]?.id ?? 0, page.at(-1)?.id ?? 0, types)
      }
      await moveStatistics(tx)
      await others(tx)
      for (const line of END) await write(line)
      for (const [table, rows] of written) onTable(table, rows)
    })
  }
}
