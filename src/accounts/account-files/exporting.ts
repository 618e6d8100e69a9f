import { stringify } from 'csv-stringify/sync'
import type { Audit } from '../../audit/audit.ts'
import type { Db } from '../../db/db.ts'
import { realmOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { ha1 } from '../../protocols/digest.ts'
import type { Accounts, Sought } from '../accounts/accounts.ts'
import type { Lines, Lists } from './beside.ts'
import type { bulkStore } from './bulk-store.ts'
import {
  asCell,
  COLUMNS,
  type Column,
  EXTERNAL_HA1_OF,
  HA1_COLUMNS,
  HA1_OF,
  headOf,
  SECRET_COLUMNS,
} from './columns.ts'

export const FORMATS = ['csv', 'json'] as const
export type Format = (typeof FORMATS)[number]

export interface WantedExport {
  readonly format: Format
  /** HA1 values, which are as good as passwords. */
  readonly hashes: boolean
  /** Only the accounts that are found so; absent: all. */
  readonly sought?: Sought
  /** Hears of accounts that were written. */
  readonly onPage?: (accounts: number) => void
}

/** Accounts that are read at a time. */
const PAGE = 100

type Cells = Readonly<Partial<Record<Column, string | null>>>

/** Accounts of a Space, in the columns of an import. */
export const exporting = (deps: {
  db: Db
  lines: Lines
  lists: Lists
  accounts: Pick<Accounts, 'idsAfter'>
  bulk: ReturnType<typeof bulkStore>
  audit: Audit
}) => {
  const { db, lines, lists, accounts, bulk, audit } = deps

  /** Before anything leaves. */
  const record = (by: Visit, { hashes }: WantedExport): Promise<void> =>
    db.transaction((tx) => {
      const { space } = by
      const about = { kind: 'space', id: space.id, name: space.domain } as const
      const detail = { kind: hashes ? 'accounts with hashes' : 'accounts' }
      return audit.record(tx, 'export.run', { by, space, about, detail })
    })

  /** The accounts that follow, by id. */
  const next = async (space: Space, sought: Sought | undefined, after: number) => {
    if (sought === undefined) return bulk.page(db.read, { space }, after, PAGE)
    return bulk.some(db.read, { space }, await accounts.idsAfter({ space }, sought, after, PAGE))
  }

  const cellsOf = async ({ space }: Visit, { sought }: WantedExport, after: number) => {
    const page = await next(space, sought, after)
    const last = page.at(-1)?.id
    if (last === undefined) return null
    const ids = page.map(({ id }) => id)
    const hashes = Map.groupBy(await bulk.passwordsOf(db.read, ids), ({ accountId }) => accountId)
    const external = await lines.ofAll(db.read, ids)
    const titles = await lists.titlesOf(db.read, ids)
    const cells = page.map(({ id, username, displayName, email, phone, admin, activated }): Cells => {
      const line = external.get(id)
      const secrets = (hashes.get(id) ?? []).map(({ algorithm, password }) =>
        // Clear text that somebody brought along leaves as what it is good for.
        algorithm === 'CLRTXT'
          ? ([HA1_OF['SHA-256'], ha1('SHA-256', username, realmOf(space), password)] as const)
          : ([HA1_OF[algorithm], password] as const),
      )
      return {
        username,
        role: admin ? 'admin' : 'user',
        status: activated ? 'active' : 'inactive',
        phone,
        email,
        external_username: line?.username ?? null,
        external_domain: line?.domain ?? null,
        external_realm: line?.realm ?? null,
        external_registrar: line?.registrar ?? null,
        external_outbound_proxy: line?.outboundProxy ?? null,
        external_protocol: line?.protocol ?? null,
        display_name: displayName,
        contacts_list: titles.get(id)?.join('\n') ?? null,
        ...Object.fromEntries(secrets),
        ...(line === undefined ? {} : { [EXTERNAL_HA1_OF[line.algorithm]]: line.password }),
      }
    })
    return { last, cells }
  }

  const columnsFor = ({ hashes }: WantedExport): readonly Column[] =>
    COLUMNS.filter((column) => !SECRET_COLUMNS.has(column) || (hashes && HA1_COLUMNS.includes(column)))

  const asCsv = (columns: readonly Column[], cells: readonly Cells[]): string =>
    stringify(
      cells.map((row) => columns.map((column) => asCell(row[column] ?? ''))),
      { record_delimiter: '\r\n' },
    )

  const asJson = (columns: readonly Column[], cells: readonly Cells[]): string =>
    cells
      .map((row) =>
        JSON.stringify(
          Object.fromEntries(
            columns.map((column) => [
              column,
              column === 'contacts_list' ? (row.contacts_list?.split('\n') ?? []) : (row[column] ?? null),
            ]),
          ),
        ),
      )
      .join(',\n')

  return {
    /** In pieces, in the order in which they were made. */
    async *pieces(visit: Visit, wanted: WantedExport): AsyncIterable<string> {
      const columns = columnsFor(wanted)
      const isCsv = wanted.format === 'csv'
      if (!visit.head) await record(visit, wanted)
      yield isCsv ? asCsv(columns, [Object.fromEntries(columns.map((column) => [column, headOf(column)]))]) : '[\n'
      let before = ''
      for (let after = 0; ; ) {
        const found = await cellsOf(visit, wanted, after)
        if (found === null) break
        yield isCsv ? asCsv(columns, found.cells) : before + asJson(columns, found.cells)
        before = ',\n'
        wanted.onPage?.(found.cells.length)
        after = found.last
        // Others have their turn.
        await Bun.sleep(0)
      }
      if (!isCsv) yield '\n]\n'
    },
  }
}
