/** SQL as `mariadb` reads it: MySQL's literals, one `INSERT` for some hundred rows. */

export type Cell = string | number | boolean | Date | null
export type OutgoingRow = Readonly<Record<string, Cell>>

const ESCAPED: Readonly<Record<string, string>> = {
  '\0': '\\0',
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\x1a': '\\Z',
}

const literal = (cell: Cell): string => {
  if (cell === null) return 'NULL'
  if (typeof cell === 'number') return String(cell)
  if (typeof cell === 'boolean') return cell ? '1' : '0'
  if (cell instanceof Date) return `'${cell.toISOString().slice(0, 19).replace('T', ' ')}'`
  return `'${cell.replaceAll(/[\0'\\\n\r\x1a]/g, (one) => ESCAPED[one] ?? one)}'`
}

/** All rows have the columns of the first one. */
export const insertOf = (table: string, rows: readonly OutgoingRow[]): string => {
  const columns = Object.keys(rows[0] ?? {})
  const values = rows.map((row) => `(${columns.map((column) => literal(row[column] ?? null)).join(', ')})`)
  return `INSERT INTO \`${table}\` (${columns.map((column) => `\`${column}\``).join(', ')}) VALUES\n${values.join(',\n')};`
}

/**
 * The time zone stays the server's: the account manager runs in UTC and writes its clock in whatever that is. Nothing is
 * cut: what is too long was left out before.
 */
export const BEGINNING = [
  'SET NAMES utf8mb4;',
  "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO';",
  'SET SESSION foreign_key_checks = 0;',
  'START TRANSACTION;',
]
export const END = ['COMMIT;']
