import { Database } from 'bun:sqlite'
import { SQL } from 'bun'

type Row = Record<string, unknown>

/** Another program on the same database, which speaks plain SQL with `:named` parameters: it sees what is committed. */
export interface OtherConnection {
  query<Found = Row>(text: string, values?: Readonly<Record<string, string | number>>): Promise<Found[]>
  close(): Promise<void>
}

/** PostgreSQL's own parameters are `$1`, `$2`: its drivers translate the names, as SOCI does for Flexisip. */
const numbered = (text: string) => {
  const names: string[] = []
  const translated = text.replace(/(?<![:\w]):([a-z]\w*)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name)
    return `$${names.indexOf(name) + 1}`
  })
  return { translated, names }
}

export const otherConnection = (url: string): OtherConnection => {
  if (url.startsWith('postgres')) {
    const client = new SQL(url, { max: 1 })
    return {
      query: async (text, values = {}) => {
        const { translated, names } = numbered(text)
        return [
          ...(await client.unsafe(
            translated,
            names.map((name) => values[name]),
          )),
        ]
      },
      close: () => client.close(),
    }
  }
  const database = new Database(url, { strict: true, create: true })
  database.run('PRAGMA busy_timeout = 5000')
  database.run('PRAGMA foreign_keys = ON')
  return {
    query: async <Found>(text: string, values: Readonly<Record<string, string | number>> = {}) =>
      database.query(text).all({ ...values }) as Found[],
    close: async () => database.close(),
  }
}
