/** What stands in a column of their database, whatever their driver made of it. */
export type Row = Readonly<Record<string, unknown>>

/** null: nothing, or no such column. NUL is no character that PostgreSQL stores. */
export const textIn = (row: Row, column: string): string | null => {
  const value = row[column]
  return value === null || value === undefined ? null : String(value).replaceAll('\0', '')
}

/** The same without what stands for nothing. */
export const wordIn = (row: Row, column: string): string | null => {
  const text = textIn(row, column)?.trim() ?? ''
  return text === '' ? null : text
}

export const numberIn = (row: Row, column: string): number | null => {
  const value = row[column]
  if (value === null || value === undefined || value === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** MySQL has booleans as 0 and 1, PostgreSQL as such, and SQLite sometimes as text. */
export const flagIn = (row: Row, column: string, absent: boolean): boolean => {
  const value = row[column]
  if (value === null || value === undefined) return absent
  return value === true || (typeof value === 'string' ? ['1', 't', 'true'].includes(value) : Number(value) === 1)
}

const WRITTEN = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?/

/**
 * The instant that a column says on the clock of the account manager, which runs in UTC whatever the database's time zone
 * is. null: none, such as MySQL's 0000-00-00.
 */
export const instantIn = (row: Row, column: string): Date | null => {
  const found = WRITTEN.exec(textIn(row, column) ?? '')
  if (found === null) return null
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = ''] = found
  if (Number(year) === 0 || Number(month) === 0 || Number(day) === 0) return null
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3))
  const at = new Date(
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), ms),
  )
  return Number.isNaN(at.getTime()) ? null : at
}

/** When a row came to be and last changed; what it does not say was `fallback`. */
export const stampsIn = (row: Row, fallback: Date): { createdAt: Date; updatedAt: Date } => {
  const created = instantIn(row, 'created_at') ?? instantIn(row, 'creation_time')
  const updated = instantIn(row, 'updated_at')
  const createdAt = created ?? updated ?? fallback
  return { createdAt, updatedAt: updated ?? createdAt }
}
