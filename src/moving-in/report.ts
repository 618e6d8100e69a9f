/** Something that does not come as it is. */
export interface Finding {
  readonly table: string
  /** As people call the row. */
  readonly row: string
  readonly reason: string
  /** `lost`: the row, or what it says, does not come. `changed`: it comes, otherwise than it was. */
  readonly kind: 'lost' | 'changed'
}

export interface TableCount {
  readonly table: string
  read: number
  written: number
  /** It was here before, with what belongs to it. */
  there: number
  /** It is over, or was never any use here; nobody misses it. */
  over: number
  left: number
}

/** What a move comes to: numbers for each table, and each finding as soon as it is made, since there may be millions. */
export const report = (onFinding: (finding: Finding) => void) => {
  const counts = new Map<string, TableCount>()
  let losses = 0
  const of = (table: string): TableCount => {
    const found = counts.get(table) ?? { table, read: 0, written: 0, there: 0, over: 0, left: 0 }
    counts.set(table, found)
    return found
  }
  return {
    of,
    /** A row does not come. */
    lost: (table: string, row: string, reason: string): void => {
      of(table).left += 1
      losses += 1
      onFinding({ table, row, reason, kind: 'lost' })
    },
    /** A row comes without something that it says. */
    without: (table: string, row: string, reason: string): void => {
      losses += 1
      onFinding({ table, row, reason, kind: 'lost' })
    },
    changed: (table: string, row: string, reason: string): void => onFinding({ table, row, reason, kind: 'changed' }),
    losses: (): number => losses,
    counts: (): TableCount[] => [...counts.values()],
    written: (): number => [...counts.values()].reduce((sum, { written }) => sum + written, 0),
  }
}

export type Report = ReturnType<typeof report>
