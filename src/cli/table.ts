/** Tables for people: as wide as the terminal at most, whatever script stands in them. */

const GAP = '  '
const NARROWEST = 6

const PRINTABLE = /^[\x20-\x7e]*$/
/** What moves the cursor, colours, or turns the direction of writing: a name must not draw on the terminal. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const widthOf = (text: string): number => (PRINTABLE.test(text) ? text.length : Bun.stringWidth(text))

const cut = (text: string, width: number): string => {
  let kept = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += widthOf(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** The widest columns give way until all fit; those that are firm only when no other can. */
const fitted = (natural: readonly number[], room: number | null, isFirm: (column: number) => boolean): number[] => {
  const widths = [...natural]
  if (room === null) return widths
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - room
  const shrink = (mayShrink: (column: number) => boolean): void => {
    for (; over > 0; over -= 1) {
      const widest = Math.max(...widths.filter((_, column) => mayShrink(column)))
      if (widest <= NARROWEST) return
      const column = widths.findIndex((width, at) => width === widest && mayShrink(at))
      widths[column] = widest - 1
    }
  }
  shrink((column) => !isFirm(column))
  shrink(isFirm)
  return widths
}

/** null: nobody looks at it on a terminal, and nothing is cut. */
export const roomOf = (stream: { readonly isTTY?: boolean; readonly columns?: number }): number | null =>
  stream.isTTY === true && (stream.columns ?? 0) > 0 ? (stream.columns ?? null) : null

interface Look {
  /** In columns of a terminal; null: as wide as it gets. */
  readonly room?: number | null
  /** Headings of columns that are cut last. */
  readonly firm?: readonly string[]
}

/**
 * A table that grows: columns are as wide as their headings and what stands in the rows that are handed over first. Later
 * cells that are longer are cut on a terminal, and push the rest away elsewhere.
 */
export const growingTable = (headings: readonly string[], { room = roomOf(process.stdout), firm = [] }: Look = {}) => {
  let widths: number[] | null = null

  const lineOf = (row: readonly string[], widths: readonly number[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        const taken = widthOf(cell)
        if (room !== null && taken > width) return cut(cell, width)
        return cell + ' '.repeat(Math.max(0, width - taken))
      })
      .join(GAP)
      .trimEnd()

  return {
    /** Lines for further rows, the headings before the first. */
    add: (rows: readonly (readonly string[])[]): string => {
      const shown = rows.map((row) => row.map((cell) => cell.replaceAll(UNPRINTABLE, '\ufffd')))
      const isFirst = widths === null
      const all = isFirst ? [headings, ...shown] : shown
      widths ??= fitted(
        headings.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? '')))),
        room,
        (column) => firm.includes(headings[column] ?? ''),
      )
      const fixed = widths
      return all.map((row) => lineOf(row, fixed)).join('\n')
    },
  }
}

/** All of a table; the first row has the headings. */
export const table = ([headings = [], ...rows]: readonly (readonly string[])[]): string =>
  growingTable(headings).add(rows)

/** What is known of one thing, a line each; what is empty has none. */
export const facts = (pairs: readonly (readonly [name: string, value: string | null])[]): string => {
  const known = pairs.flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value] as const]))
  const width = Math.max(...known.map(([name]) => widthOf(name)))
  return known
    .map(([name, value]) => {
      const lines = value.split('\n').map((line) => line.replaceAll(UNPRINTABLE, '\ufffd'))
      return name + ' '.repeat(width - widthOf(name)) + GAP + lines.join(`\n${' '.repeat(width)}${GAP}`)
    })
    .join('\n')
}
