import type { Db } from '../../db/db.ts'
import type { Files } from '../../files/files.ts'
import type { Logging } from '../../logging/logging.ts'
import type { voicemailStore } from './store.ts'

/** A file that no row names is somebody's upload for so long at most. */
const ORPHAN_MS = 86_400_000
const BATCH = 100

/** How the bytes of voicemails go, and the rows of those that are deleted after them. */
export const voicemailBytes = (deps: {
  db: Db
  store: ReturnType<typeof voicemailStore>
  files: Files
  log: Logging
  now: () => Date
}) => {
  const { db, store, files, log, now } = deps

  const removeBytes = async ({ id, storedAs }: { id: number; storedAs: string | null }): Promise<void> => {
    if (storedAs !== null) await files.remove(storedAs)
    await db.transaction((tx) => store.remove(tx, id))
  }

  /** False: not now; the job tries again. */
  const isRemoved = (row: { id: number; storedAs: string | null }): Promise<boolean> =>
    removeBytes(row).then(
      () => true,
      (error: unknown) => {
        log.app.warn('a voicemail is not removed yet', { voicemail: row.id, error })
        return false
      },
    )

  /** Bytes of what belongs to nobody any more, then its rows; resolves to how many. */
  const removeDisowned = async (signal?: AbortSignal): Promise<number> => {
    let removed = 0
    for (let after = 0; ; ) {
      const rows = await store.disowned(db.read, after, BATCH)
      const last = rows.at(-1)
      if (last === undefined) return removed
      for (const row of rows) {
        signal?.throwIfAborted()
        // One that cannot be removed is no reason to keep the others.
        if (await isRemoved(row)) removed += 1
      }
      after = last.id
    }
  }

  /** Files that no row names: of processes that died between the two, and of a database that was brought back. */
  const removeOrphans = async (signal?: AbortSignal): Promise<number> => {
    const before = new Date(now().getTime() - ORPHAN_MS)
    let removed = await files.clearDrafts()
    let keys: string[] = []
    const removeUnknown = async () => {
      const known = await store.knownKeys(db.read, keys)
      for (const key of keys.filter((one) => !known.has(one))) {
        signal?.throwIfAborted()
        await files.remove(key)
        removed += 1
      }
      keys = []
    }
    for await (const { key, since } of files.all()) {
      if (since < before) keys.push(key)
      if (keys.length >= BATCH) await removeUnknown()
    }
    await removeUnknown()
    return removed
  }

  return { isRemoved, removeDisowned, removeOrphans }
}
