import type { Database } from 'bun:sqlite'
import { secrets } from '../secrets.ts'

/** Columns whose values are sealed with `APP_KEY`; every column called `sealed` is another. */
const SEALED: ReadonlyMap<string, string> = new Map([
  ['space_email_servers', 'password'],
  ['phone_change_codes', 'code'],
  ['email_change_codes', 'code'],
  ['recovery_codes', 'code'],
  ['outbox_messages', 'data'],
  ['webhooks', 'sealed_previous'],
])

/** Of each column so many, the newest: after a change of the key the old ones may have been sealed with another. */
const SAMPLE = 50

const columnsOf = (database: Database): { table: string; name: string }[] =>
  database
    .query<{ table: string; name: string }, []>(
      `SELECT m.name AS "table", c.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
    )
    .all()
    .filter(({ table, name }) => name === 'sealed' || SEALED.get(table) === name)

/** Whether one of the keys opens what the database keeps sealed: at least one value of those that are there. */
export const opensWhatIsSealed = (database: Database, keys: readonly Uint8Array[]): boolean => {
  const [key, ...earlier] = keys
  const values = columnsOf(database).flatMap(({ table, name }) =>
    database
      .query<{ value: string }, []>(
        `SELECT "${name}" AS value FROM "${table}" WHERE "${name}" IS NOT NULL ORDER BY rowid DESC LIMIT ${SAMPLE}`,
      )
      .all(),
  )
  if (values.length === 0) return true
  if (key === undefined) return false
  const { open } = secrets(key, () => new Uint8Array(), earlier)
  return values.some(({ value }) => {
    try {
      open(value)
      return true
    } catch {
      return false
    }
  })
}
