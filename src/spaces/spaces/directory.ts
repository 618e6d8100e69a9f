import type { Db } from '../../db/db.ts'
import type { Space } from '../../nouns/space.ts'
import { spacesStore } from './store.ts'

/** How long another process (the command line, a second node) may go unnoticed. */
const FRESH_MS = 1000

const MOST_ENTRIES = 10_000

type Found = Space | null

/**
 * The Space of a host or of a SIP domain, remembered for a second: every request asks. A remembered answer is
 * returned at once, not as a promise, so that a warm request waits for nothing.
 */
export const spaceDirectory = (db: Db, now: () => number) => {
  const store = spacesStore(db)
  let changes = 0
  const remembered = (find: (key: string) => Promise<Found>) => {
    const entries = new Map<string, { readonly space: Found; readonly until: number }>()
    const look = async (key: string): Promise<Found> => {
      const seen = changes
      const space = await find(key)
      // Somebody changed a Space while we were looking: what we found is returned, not kept.
      if (seen !== changes) return space
      if (entries.size >= MOST_ENTRIES) entries.clear()
      entries.set(key, { space, until: now() + FRESH_MS })
      return space
    }
    return {
      get: (key: string): Found | Promise<Found> => {
        const entry = entries.get(key)
        return entry !== undefined && entry.until > now() ? entry.space : look(key)
      },
      clear: () => entries.clear(),
    }
  }
  const byHost = remembered(store.byHost)
  const byDomain = remembered(store.byDomain)
  return {
    byHost: byHost.get,
    byDomain: byDomain.get,
    /** For messages on their way out; not remembered. */
    byId: store.byId,
    /** After a change of ours: the next request sees it. */
    forget: () => {
      changes += 1
      byHost.clear()
      byDomain.clear()
    },
  }
}

export type SpaceDirectory = ReturnType<typeof spaceDirectory>
