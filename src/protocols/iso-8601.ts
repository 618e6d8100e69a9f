/** Dates, and dates with times, as ISO 8601 writes them. */

/** `2026-03-01`, or `2026-03-01T10:00`, to the minute or finer, with `Z`, an offset, or in UTC. */
const WRITTEN = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):?(\d\d))?)?$/

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Every database of ours can hold what lies between. */
const EARLIEST = Date.UTC(1970, 0, 1)
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

export interface Written {
  /** To the millisecond; of a date its first instant in UTC. */
  readonly at: Date
  /** The last instant that is meant: of a date the end of its day, of a time the time itself. */
  readonly until: Date
}

/** null: it is no date, there is none like it, or it is not of the years 1970 to 9999. */
export const parseIso8601 = (text: string): Written | null => {
  const parts = WRITTEN.exec(text)
  if (parts === null) return null
  const number = (index: number) => Number(parts[index] ?? 0)
  const [year, month, day, hours, minutes, seconds] = [1, 2, 3, 4, 5, 6].map(number) as [number, ...number[]]
  const ms = Math.trunc(Number(`0.${parts[7] ?? 0}`) * 1000)
  const wall = Date.UTC(year, (month ?? 0) - 1, day, hours, minutes, seconds, ms)
  // What does not exist, such as the 30th of February, has become something else.
  const isSame = new Date(wall).toISOString().slice(0, 19) === `${parts[1]}-${parts[2]}-${parts[3]}T${clock(parts)}`
  if (!isSame || number(9) > 23 || number(10) > 59) return null
  const offset = (number(9) * 60 + number(10)) * MINUTE_MS * (parts[8] === '-' ? -1 : 1)
  const at = wall - offset
  if (at < EARLIEST || at > LATEST) return null
  const isDate = parts[4] === undefined
  return { at: new Date(at), until: new Date(isDate ? at + DAY_MS - 1 : at) }
}

const clock = (parts: RegExpExecArray): string => `${parts[4] ?? '00'}:${parts[5] ?? '00'}:${parts[6] ?? '00'}`
