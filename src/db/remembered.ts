import type { Db } from './db.ts'

/** How long a change of another process (the command line, a second node) may go unnoticed. */
export const FRESH_MS = 1000

const MOST_ENTRIES = 10_000

/** Strangers choose what they ask for: an answer to more than this is not kept. */
const LONGEST_KEY = 512

interface Entry<Found> {
  readonly found: Found
  readonly until: number
  readonly commits: number
}

/**
 * A look-up whose answers are kept for a second, or until this process commits anything at all: what it wrote it sees
 * at once. The two requests of a digest exchange, and a client that polls, then cost one query. A kept answer is
 * returned as it is, not as a promise. `most`: how many are kept; few where they are large.
 */
export const remembered = <Found>(
  db: Db,
  now: () => number,
  find: (key: string) => Promise<Found>,
  most = MOST_ENTRIES,
) => {
  const entries = new Map<string, Entry<Found>>()
  return (key: string): Found | Promise<Found> => {
    const commits = db.commits()
    const entry = entries.get(key)
    if (entry !== undefined && entry.commits === commits && entry.until > now()) return entry.found
    return find(key).then((found) => {
      if (entries.size >= most) entries.clear()
      // A commit while we were looking makes the answer old already: it is returned, not kept.
      if (key.length <= LONGEST_KEY && db.commits() === commits)
        entries.set(key, { found, until: now() + FRESH_MS, commits })
      return found
    })
  }
}
