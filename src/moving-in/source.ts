import { codeOf, sentenceOf } from '../thrown.ts'
import { MovingFailure } from './failure.ts'
import type { Row } from './values.ts'

/** How long it may take to answer, and how long to find rows. */
const CONNECT_SECONDS = 10
const QUERY_MS = 60_000

type Kind = 'mysql' | 'postgres' | 'sqlite'

const KINDS: Readonly<Record<string, Kind>> = {
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'sqlite:': 'sqlite',
}

interface Connection {
  unsafe(text: string, values?: unknown[]): Promise<Row[]>
}

/** Which columns a table has; true: it holds instants. */
export type Columns = ReadonlyMap<string, ReadonlyMap<string, boolean>>

/** A database of the account manager that we move from, as it was at one instant. Nothing in it can be changed here. */
export interface Source {
  /** For people, without a password. */
  readonly name: string
  readonly columns: Columns
  count(table: string): Promise<number>
  /** All rows in the order of `key`, so many at a time; none of a table that is not there. */
  pages(table: string, key: string, most: number): AsyncIterable<readonly Row[]>
  /** Those whose `column` is from one number to another, in the order of `order`. */
  between(table: string, column: string, from: number, to: number, order: string): Promise<readonly Row[]>
  /** Those whose `column` is one of some. */
  among(table: string, column: string, values: readonly string[], order: string): Promise<readonly Row[]>
  /** Which of these tables have changed since they were read. */
  changed(): Promise<string[]>
  close(): Promise<void>
}

const within = async <T>(work: Promise<T>, name: string): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MovingFailure('away', `${name} does not answer any more.`)), QUERY_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** MySQL's numbers for what an operator can put right; PostgreSQL's classes of the same. */
const REFUSALS = new Set(['1044', '1045', '1049', '1142', '1698', '28P01', '28000', '3D000', '42501'])
/** MySQL: a table was altered, and the snapshot does not have it any more. */
const ALTERED = new Set(['1412'])

const explained = (error: unknown, name: string): MovingFailure => {
  if (error instanceof MovingFailure) return error
  const code = String((error as { errno?: unknown }).errno ?? codeOf(error) ?? '')
  const sentence = sentenceOf(error)
  if (REFUSALS.has(code)) return new MovingFailure('refused', `${name} refuses: ${sentence}.`, error)
  if (ALTERED.has(code)) {
    return new MovingFailure('changed', `${name} was altered while it was read: ${sentence}.`, error)
  }
  return new MovingFailure('away', `${name} cannot be read: ${sentence}.`, error)
}

const clientOf = (url: URL, kind: Kind, seconds: number): Bun.SQL =>
  kind === 'sqlite'
    ? new Bun.SQL(`sqlite://${url.pathname}`, { readonly: true, create: false } as Bun.SQL.Options)
    : new Bun.SQL(url.href, { max: 1, connectionTimeout: seconds, idleTimeout: 0 } as Bun.SQL.Options)

const COLUMNS: Readonly<Record<Kind, string>> = {
  mysql: `SELECT table_name AS t, column_name AS c, data_type AS d FROM information_schema.columns
    WHERE table_schema = database()`,
  postgres: `SELECT table_name AS t, column_name AS c, data_type AS d FROM information_schema.columns
    WHERE table_schema = current_schema()`,
  sqlite: `SELECT m.name AS t, c.name AS c, c.type AS d FROM sqlite_master m JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table'`,
}

const BEGIN: Readonly<Record<Kind, readonly string[]>> = {
  // The time zone of the session stays the server's: the account manager has written its clock, UTC, in that.
  mysql: [
    'SET NAMES utf8mb4',
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    'SET SESSION TRANSACTION READ ONLY',
    'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
  ],
  postgres: ["SET statement_timeout = '60s'", 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'],
  sqlite: ['BEGIN'],
}

/** What tells one state of the passwords from another: they have no instant of their last change. */
const CHECKSUM: Readonly<Record<Kind, string>> = {
  mysql: 'SUM(CRC32(password))',
  postgres: 'SUM(hashtext(password))',
  sqlite: 'SUM(unicode(password) * 31 + unicode(substr(password, 7)) * 7 + unicode(substr(password, 19)))',
}

/** Reads in a transaction of the other database, which ends with `close`. */
export const openSource = async (
  address: string,
  password: string | null,
  { seconds = CONNECT_SECONDS }: { readonly seconds?: number } = {},
): Promise<Source> => {
  const url = URL.canParse(address) ? new URL(address) : null
  const kind = url === null ? undefined : KINDS[url.protocol]
  if (url === null || kind === undefined) {
    throw new MovingFailure('refused', 'A database is named as mysql://user@host/db, postgres://… or sqlite:///file.')
  }
  if (kind === 'sqlite' ? url.pathname === '/' : url.pathname.length < 2) {
    throw new MovingFailure('refused', 'The address names no database: mysql://user@host/db.')
  }
  if (password !== null) url.password = encodeURIComponent(password)
  const name = kind === 'sqlite' ? url.pathname : `${url.host}${url.pathname}`
  if (url.protocol === 'mariadb:') url.href = url.href.replace(/^mariadb:/, 'mysql:')
  const client = clientOf(url, kind, seconds)
  const connection: Connection =
    kind === 'sqlite'
      ? (client as unknown as Connection)
      : ((await client.reserve().catch(async (error: unknown) => {
          await client.close({ timeout: 0 }).catch(() => {})
          throw explained(error, name)
        })) as unknown as Connection)
  const ask = async (text: string, values: unknown[] = []): Promise<Row[]> => {
    try {
      return [...(await within(connection.unsafe(text, values), name))]
    } catch (error) {
      throw explained(error, name)
    }
  }
  const close = async (): Promise<void> => {
    await client.close({ timeout: 0 }).catch(() => {})
  }

  const quoted = (identifier: string) => (kind === 'mysql' ? `\`${identifier}\`` : `"${identifier}"`)
  const value = (position: number) => (kind === 'postgres' ? `$${position}` : '?')
  let columns: Columns = new Map()
  /** Instants as text: what a driver makes of a zone, or of 0000-00-00, is its own affair. */
  const listOf = (table: string): string =>
    [...(columns.get(table) ?? [])]
      .map(([column, isInstant]) => {
        if (!isInstant || kind === 'sqlite') return quoted(column)
        return `CAST(${quoted(column)} AS ${kind === 'mysql' ? 'CHAR' : 'text'}) AS ${quoted(column)}`
      })
      .join(', ')

  const fingerprint = async (table: string): Promise<string> => {
    const has = (column: string) => columns.get(table)?.has(column) === true
    const facts = [
      'count(*)',
      ...(has('id') ? [`max(${quoted('id')})`] : []),
      ...(has('updated_at') ? [`max(${quoted('updated_at')})`] : []),
      ...(table === 'passwords' ? [CHECKSUM[kind]] : []),
    ]
    const [found] = await ask(`SELECT ${facts.map((fact, at) => `${fact} AS f${at}`).join(', ')} FROM ${quoted(table)}`)
    return JSON.stringify(Object.values(found ?? {}).map(String))
  }
  const fingerprints = async () => {
    const found = new Map<string, string>()
    for (const table of seen) found.set(table, await fingerprint(table))
    return found
  }
  const seen = new Set<string>()

  try {
    for (const statement of BEGIN[kind]) await ask(statement)
    const found = await ask(COLUMNS[kind])
    const byTable = Map.groupBy(found, ({ t }) => String(t))
    columns = new Map(
      [...byTable].map(([table, rows]) => [
        table,
        new Map(rows.map(({ c, d }) => [String(c), /date|time/i.test(String(d))])),
      ]),
    )
  } catch (error) {
    await close()
    throw error
  }

  return {
    name,
    get columns() {
      return columns
    },
    count: async (table) => {
      if (!columns.has(table)) return 0
      const [found] = await ask(`SELECT count(*) AS n FROM ${quoted(table)}`)
      return Number(found?.n ?? 0)
    },
    pages: async function* (table, key, most) {
      if (!columns.has(table)) return
      seen.add(table)
      for (let after: unknown = null; ; ) {
        const where = after === null ? '' : `WHERE ${quoted(key)} > ${value(1)}`
        const text = `SELECT ${listOf(table)} FROM ${quoted(table)} ${where} ORDER BY ${quoted(key)} LIMIT ${most}`
        const rows = await ask(text, after === null ? [] : [after])
        if (rows.length > 0) yield rows
        if (rows.length < most) return
        after = rows.at(-1)?.[key]
      }
    },
    between: async (table, column, from, to, order) => {
      if (columns.get(table)?.has(column) !== true) return []
      seen.add(table)
      const range = `${quoted(column)} >= ${value(1)} AND ${quoted(column)} <= ${value(2)}`
      return ask(`SELECT ${listOf(table)} FROM ${quoted(table)} WHERE ${range} ORDER BY ${quoted(order)}`, [from, to])
    },
    among: async (table, column, values, order) => {
      if (columns.get(table)?.has(column) !== true || values.length === 0) return []
      seen.add(table)
      const list = values.map((_, at) => value(at + 1)).join(', ')
      const where = `${quoted(column)} IN (${list})`
      return ask(`SELECT ${listOf(table)} FROM ${quoted(table)} WHERE ${where} ORDER BY ${quoted(order)}`, [...values])
    },
    changed: async () => {
      const before = await fingerprints()
      // What is there now, no more in the snapshot.
      await ask('COMMIT')
      for (const statement of BEGIN[kind].slice(-1)) await ask(statement)
      const after = await fingerprints()
      return [...before].filter(([table, print]) => after.get(table) !== print).map(([table]) => table)
    },
    close,
  }
}
