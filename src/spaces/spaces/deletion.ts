import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { isoMomentOrNull } from '../../http/moment.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { AdministeredSpace, Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { spaceAdministrationStore } from './administration-store.ts'
import { type Belongings, type HeldAccount, spaceDeletionStore } from './deletion-store.ts'
import type { SpaceDirectory } from './directory.ts'
import type { SpaceNews } from './news.ts'
import { storedSpaces } from './stored-spaces.ts'

/** For so long a Space that is to be deleted can still be kept. */
export const GRACE_DAYS = 7

const DAY_MS = 86_400_000

/** Accounts, some hundred microseconds each, or rows of a table that one transaction deletes: then others have their turn. */
const DELETE_BATCH = 25
const ROWS_BATCH = 200

/** Accounts that may slip in while the others are deleted. */
const MOST_LATE = 10_000
const MOST_ID = 2_147_483_647

const JOB = { job: 'space-deletion' } as const

/** What hears that accounts go, before they do. */
export type AnnounceDeleted = (
  tx: Tx,
  by: Visit | typeof JOB,
  space: Space,
  accounts: readonly HeldAccount[],
) => Promise<void>

/**
 * How a Space goes (behaviour/spaces.md §8): it is closed, and can be opened again for a week; then it is deleted, or at
 * once where somebody says so. A closed Space is as good as expired.
 */
export const spaceDeletion = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  spaceNews: SpaceNews
  announceDeleted: AnnounceDeleted
  /** The files of a Space that nobody will see again. */
  removeFiles(spaceId: number): Promise<void>
  audit: Audit
  now: () => Date
}) => {
  const { db, spaces, spaceNews, announceDeleted, removeFiles, now } = deps
  const store = spaceAdministrationStore(db)
  const own = spaceDeletionStore(db)
  const { find, isLastSuper, record } = storedSpaces(deps)

  /** For a transaction. Nobody's own Space goes, nor the last one with super administrators (behaviour/spaces.md §1.4). */
  const leavable = async (tx: Tx, caller: Caller | null, domain: string): Promise<AdministeredSpace> => {
    await store.hold(tx, domain)
    const space = await find(tx, domain)
    if (space.id === caller?.space.id) throw new AppError('forbidden', 'space.own')
    if (space.super && (await isLastSuper(tx, domain))) throw new AppError('forbidden', 'space.last_super')
    return space
  }

  const recordEnd = (tx: Tx, by: Visit | null, before: Space, after: Space) => {
    const changed = { purge_at: [isoMomentOrNull(before.purgeAt), isoMomentOrNull(after.purgeAt)] } as const
    return record(tx, after.purgeAt === null ? 'space.reopened' : 'space.closed', by, after, { changed })
  }

  /** That it is closed, or open again. */
  const told = async (tx: Tx, by: Visit | null, before: Space): Promise<AdministeredSpace> => {
    const after = await find(tx, before.domain)
    await spaceNews.tell(tx, 'space.updated', after)
    await recordEnd(tx, by, before, after)
    return after
  }

  /**
   * Accounts go first, in batches, then whatever else may be much, then the Space with whoever slipped in meanwhile.
   * It has begun to go: wherever this breaks off, it is done again from there. Resolves to whether it was this call
   * that removed the Space.
   */
  const finish = async (by: Visit | typeof JOB, space: AdministeredSpace, signal?: AbortSignal): Promise<boolean> => {
    const { id, domain } = space
    await removeFiles(id)
    const some = async (tx: Tx, until: number, most: number): Promise<number> => {
      const held = await own.holdAccounts(tx, domain, until, most)
      if (held.length === 0) return 0
      await announceDeleted(tx, by, space, held)
      await own.removeAccounts(tx, held)
      return held.length
    }
    const inBatches = async (step: (tx: Tx) => Promise<number>): Promise<void> => {
      while ((await db.transaction(step)) > 0) {
        signal?.throwIfAborted()
        await Bun.sleep(0)
      }
    }
    const last = await own.lastAccount(db.read, domain)
    await inBatches((tx) => some(tx, last, DELETE_BATCH))
    await inBatches((tx) => own.removeSome(tx, id, ROWS_BATCH))
    const isRemoved = await db.transaction(async (tx) => {
      await some(tx, MOST_ID, MOST_LATE)
      if (!(await own.remove(tx, domain))) return false
      await spaceNews.tell(tx, 'space.deleted', space)
      await record(tx, 'space.deleted', by, space)
      return true
    })
    spaces.forget()
    return isRemoved
  }

  const purgeDue = async (domain: string, signal: AbortSignal | undefined): Promise<boolean> => {
    const space = await db.transaction(async (tx) =>
      (await own.beginDue(tx, domain, now())) ? await store.byDomain(tx, domain) : null,
    )
    // Somebody has kept it, or another process was faster.
    if (space === null) return false
    spaces.forget()
    return finish(JOB, space, signal)
  }

  return {
    /** What goes with a Space. */
    belongings: async (space: Space): Promise<Belongings> =>
      own.belongings(db.read, space, await store.accountCount(db.read, space.domain)),

    /** Nobody gets into it any more; it is deleted in a week. One that is closed already stays as it is. `by` null: the command line. */
    close: async (by: Visit | null, caller: Caller | null, domain: string): Promise<AdministeredSpace> => {
      const space = await db.transaction(async (tx) => {
        const before = await leavable(tx, caller, domain)
        if (before.purgeAt !== null) return before
        const at = now()
        await own.close(tx, before.id, new Date(at.getTime() + GRACE_DAYS * DAY_MS), at)
        return told(tx, by, before)
      })
      spaces.forget()
      return space
    },

    /** As it was before it was closed. Refused (`conflict`) once it is being deleted. One that is open stays as it is. */
    reopen: async (by: Visit | null, domain: string): Promise<AdministeredSpace> => {
      const space = await db.transaction(async (tx) => {
        await store.hold(tx, domain)
        const before = await find(tx, domain)
        if (before.purgeAt === null) return before
        if (!(await own.reopen(tx, before.id, now()))) throw new AppError('conflict', 'space.going')
        return told(tx, by, before)
      })
      spaces.forget()
      return space
    },

    /** At once, and for good. To whoever comes while it is going it is not there any more. */
    remove: async (by: Visit, caller: Caller | null, domain: string): Promise<void> => {
      const space = await db.transaction(async (tx) => {
        const before = await leavable(tx, caller, domain)
        if (!(await own.begin(tx, before.id, now()))) throw new AppError('not_found', 'space.unknown')
        // Who wanted it, wherever it breaks off.
        if (before.purgeAt === null) await recordEnd(tx, by, before, await find(tx, domain))
        return before
      })
      spaces.forget()
      await finish(by, space)
    },

    /** Deletes the Spaces whose time has come, and goes on with those that were being deleted; resolves to how many. */
    purge: async ({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<number> => {
      let purged = 0
      const failures: unknown[] = []
      for (const domain of await own.due(db.read, now())) {
        const isPurged = await purgeDue(domain, signal).catch((error) => {
          signal?.throwIfAborted()
          // It is tried again in a minute, and keeps no other from going.
          failures.push(error)
          return false
        })
        if (isPurged) purged += 1
      }
      if (failures.length > 0) throw failures[0]
      return purged
    },
  }
}

export type SpaceDeletion = ReturnType<typeof spaceDeletion>
