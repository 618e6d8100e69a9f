const BLOCK = 4096

/** What became of an account of theirs: its id here, and whether it was made now. */
export interface Moved {
  readonly id: number
  /** false: it was here before, and stays as it is. */
  readonly isNew: boolean
}

/** Their ids and ours, for millions of accounts: four bytes each. */
export const idMap = () => {
  const blocks = new Map<number, Int32Array>()
  return {
    set: (theirs: number, { id, isNew }: Moved): void => {
      const at = Math.floor(theirs / BLOCK)
      const block = blocks.get(at) ?? new Int32Array(BLOCK)
      block[theirs % BLOCK] = isNew ? id : -id
      blocks.set(at, block)
    },
    /** null: it does not come. */
    get: (theirs: number | null): Moved | null => {
      const found = theirs === null ? 0 : (blocks.get(Math.floor(theirs / BLOCK))?.[theirs % BLOCK] ?? 0)
      return found === 0 ? null : { id: Math.abs(found), isNew: found > 0 }
    },
  }
}

export type IdMap = ReturnType<typeof idMap>
