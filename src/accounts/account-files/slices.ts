/** The loop is held for about so long: whoever asks for something else waits no longer. */
const HOLD_MS = 3
const [FEWEST, MOST] = [10, 500]

/**
 * How many at a time, as the last ones tell: machines differ, and what a line asks for. Begins with few.
 */
export const slices = () => {
  let size = 50
  return {
    size: () => size,
    /** So many took so long. */
    took: (count: number, ms: number): void => {
      if (count < size / 2) return
      const wanted = Math.round((count * HOLD_MS) / Math.max(ms, 0.1))
      // Not at once: one pause of the machine says nothing.
      size = Math.min(MOST, Math.max(FEWEST, Math.min(size * 2, Math.round((size + wanted) / 2))))
    },
  }
}
