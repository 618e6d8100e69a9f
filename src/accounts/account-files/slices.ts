/** The loop is held for about so long: whoever asks for something else waits no longer. */
const HOLD_MS = 3
/** Where the database is another process, which the loop does not wait for. */
const WAIT_MS = 50
const [FEWEST, MOST] = [10, 500]

/**
 * How many at a time, as the last ones tell: machines differ, and what a line asks for. Begins with few.
 */
export const slices = ({ isElsewhere }: { isElsewhere: boolean }) => {
  const wantedMs = isElsewhere ? WAIT_MS : HOLD_MS
  let size = 50
  return {
    size: () => size,
    /** So many took so long. */
    took: (count: number, ms: number): void => {
      if (count < size / 2) return
      const wanted = Math.round((count * wantedMs) / Math.max(ms, 0.1))
      // Not at once: one pause of the machine says nothing.
      size = Math.min(MOST, Math.max(FEWEST, Math.min(size * 2, Math.round((size + wanted) / 2))))
    },
  }
}
