import { readFile } from 'node:fs/promises'
import type { Audit } from '../audit/audit.ts'
import type { Config } from '../config/config.ts'
import type { Db, Tx } from '../db/db.ts'
import type { Files } from '../files/files.ts'
import type { Secrets } from '../secrets.ts'
import type { Branding } from '../spaces/branding/branding.ts'
import type { SpaceDirectory } from '../spaces/spaces/directory.ts'
import type { Statistics } from '../telephony/statistics/statistics.ts'
import { sentenceOf } from '../thrown.ts'
import { movingAccounts } from './accounts.ts'
import { movingBelongings } from './belongings.ts'
import { MovingFailure } from './failure.ts'
import { type Generation, recognise } from './generation.ts'
import { idMap } from './ids.ts'
import { movingLabels } from './labels.ts'
import { movingLinks } from './links.ts'
import { type Finding, report as reporting, type TableCount } from './report.ts'
import type { Source } from './source.ts'
import { type MovedSpace, movingSpaces, type Spaces, type SpaceWishes } from './spaces.ts'
import { movingStatistics } from './statistics.ts'
import { movingInStore } from './store.ts'
import { movingTokens } from './tokens.ts'
import { fileIn, movingVoicemails } from './voicemails.ts'

export interface MovingWishes extends SpaceWishes {
  /** Everything is tried and nothing stays. */
  readonly isDry: boolean
  /** Rows that cannot come are left behind; otherwise nothing comes. */
  readonly leavesOut: boolean
  /** `APP_KEY` of the account manager; null: not named. */
  readonly key: Uint8Array | null
  /** Where the files of the account manager are; null: not named. */
  readonly folder: string | null
}

export interface Watching {
  readonly onGeneration: (generation: Generation) => void
  readonly onFinding: (finding: Finding) => void
  /** Rows of accounts and statistics so far, of all. */
  readonly onProgress: (done: number, total: number) => void
}

export interface Outcome {
  readonly counts: readonly TableCount[]
  /** Rows and values that cannot come. */
  readonly losses: number
  /** Whether what was moved is there now. */
  readonly isKept: boolean
  readonly written: number
}

/** Nothing of what was written is to stay. */
class Withdrawn extends Error {}

const TABLES_WITH_IDS = [
  'spaces',
  'accounts',
  'contactsLists',
  'accountTypes',
  'externalAccounts',
  'accountActions',
  'spaceCarddavServers',
] as const
type WithIds = (typeof TABLES_WITH_IDS)[number]

/** What most of the work is: progress is counted in their rows. */
const LONG_TABLES = ['accounts', 'statistics_messages', 'statistics_calls']

/**
 * An existing account manager's database becomes part of ours: all of it in one transaction, so that whatever ends it
 * leaves nothing behind. What is here already stays as it is, with all that belongs to it.
 */
export const movingIn = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  audit: Audit
  files: Files
  branding: Pick<Branding, 'setLogo'>
  spaces: Pick<SpaceDirectory, 'forget'>
  statistics: Pick<Statistics, 'count'>
  now: () => Date
}) => {
  const { config, db, audit, files, branding, spaces: directory } = deps
  const store = movingInStore(db)

  /** Ids as they were where the table is empty, which clients know; else new ones. */
  const idsOf = async (tx: Tx) => {
    const keeps = new Map<WithIds, boolean>()
    for (const table of TABLES_WITH_IDS) keeps.set(table, (await store.lastId(tx, table)) === 0)
    const last = new Map<WithIds, number>()
    return {
      keeps: (table: WithIds) => keeps.get(table) === true,
      take: async (tx: Tx, table: WithIds, theirs: readonly number[]): Promise<number[]> => {
        if (theirs.length === 0) return []
        if (keeps.get(table) !== true) return db.takeIds(tx, db.tables[table], theirs.length)
        last.set(table, Math.max(last.get(table) ?? 0, ...theirs))
        return [...theirs]
      },
      /** Ids that come later come after these. */
      reserve: async (tx: Tx): Promise<void> => {
        for (const [table, id] of last) await db.reserveIds(tx, db.tables[table], id)
      },
    }
  }

  /** What only shows when all accounts are there. */
  const checkSpaces = async (tx: Tx, moved: Spaces, report: ReturnType<typeof reporting>): Promise<void> => {
    for (const space of moved.byDomain.values()) {
      if (space.uniqueEmail || config.ACCOUNT_EMAIL_UNIQUE) await checkEmails(tx, space, report)
      const { maxAccounts, domain } = space
      const isFull = !space.isNew && maxAccounts > 0 && (await store.countOf(tx, domain)) > maxAccounts
      if (isFull) report.without('spaces', domain, `it has room for ${maxAccounts} accounts`)
    }
  }

  const checkEmails = async (tx: Tx, space: MovedSpace, report: ReturnType<typeof reporting>): Promise<void> => {
    const shared = await store.sharedEmails(tx, space.domain)
    if (shared.length === 0) return
    for (const { email, n } of shared) {
      report.without('accounts', email, `${n} accounts of ${space.domain}, where addresses are unique, have it`)
    }
    if (!space.uniqueEmail || !space.isNew) return
    report.changed('spaces', space.domain, 'comes without unique_email, which can be set when no address is shared')
    await store.changeSpace(tx, space.id, { uniqueEmail: false })
  }

  const record = async (tx: Tx, moved: Spaces, arrivals: ReadonlyMap<string, number>): Promise<void> => {
    for (const { id, domain, isNew } of moved.byDomain.values()) {
      const count = arrivals.get(domain) ?? 0
      if (count === 0 && !isNew) continue
      await audit.record(tx, 'account.imported', {
        by: { import: 'flexiapi' },
        space: { id, domain },
        about: { kind: 'space', id, name: domain },
        detail: { count, kind: 'flexiapi' },
      })
    }
  }

  const logos = async (moved: Spaces, folder: string | null, onFinding: Watching['onFinding']): Promise<void> => {
    for (const { domain, isNew, logo } of moved.byDomain.values()) {
      if (!isNew || logo === null) continue
      const path = folder === null ? null : fileIn(folder, 'public/img', logo)
      const tell = (reason: string) => onFinding({ table: 'spaces', row: domain, reason, kind: 'changed' })
      if (path === null) tell(`comes without its logo ${logo}, which --files does not have (spaces:logo sets it)`)
      else {
        await branding.setLogo(null, domain, await readFile(path)).catch((error: unknown) => {
          tell(`comes without its logo ${logo}: ${sentenceOf(error)}`)
        })
      }
    }
  }

  return async (source: Source, wishes: MovingWishes, watching: Watching): Promise<Outcome> => {
    const now = deps.now()
    const generation = recognise(source.columns, source.name)
    watching.onGeneration(generation)
    const report = reporting(watching.onFinding)
    const ids = idMap()
    let total = 0
    for (const table of LONG_TABLES) total += await source.count(table)
    const progress = () =>
      watching.onProgress(
        LONG_TABLES.reduce((sum, table) => sum + report.of(table).read, 0),
        total,
      )
    const { key, folder, isDry } = wishes
    const base = { ...deps, source, generation, store, report, ids, now, key, folder, isDry }
    const moveVoicemails = movingVoicemails({ ...base, files })

    const work = async (tx: Tx): Promise<Spaces> => {
      const numbers = await idsOf(tx)
      const takeIds = numbers.take
      const isEmpty = numbers.keeps('accounts')
      const moved = await movingSpaces({ ...base, wishes, takeIds }).move(tx)
      const labels = movingLabels({ ...base, takeIds })
      const shared = await labels.move(tx, moved)
      const belongings = movingBelongings({ ...base, ...shared, spaces: moved, takeIds })
      const tokens = movingTokens(base)
      const arrivals = new Map<string, number>()
      const ranges: (readonly [first: number, last: number])[] = []
      await movingAccounts({ ...base, spaces: moved, isEmpty, takeIds }).move(tx, async (page) => {
        await belongings.move(tx, page)
        await tokens.ofPage(tx, page)
        await moveVoicemails.move(tx, page)
        ranges.push([page.first, page.last])
        for (const { row } of page.arrived.values()) arrivals.set(row.domain, (arrivals.get(row.domain) ?? 0) + 1)
        progress()
      })
      await belongings.unowned()
      await movingLinks({ ...base, ...shared }).move(tx, ranges)
      await tokens.loose(tx)
      await labels.countries(tx, isEmpty)
      await labels.tombstones(tx)
      await movingStatistics({ ...base, onPage: progress }).move(tx)
      await checkSpaces(tx, moved, report)
      const changed = await source.changed()
      if (changed.length > 0) {
        const what = changed.join(', ')
        throw new MovingFailure(
          'changed',
          `${source.name} has changed meanwhile (${what}): stop the account manager that writes into it, and try again.`,
        )
      }
      if (isDry || (report.losses() > 0 && !wishes.leavesOut)) throw new Withdrawn()
      await numbers.reserve(tx)
      if (report.written() > 0) await record(tx, moved, arrivals)
      return moved
    }

    const outcome = (isKept: boolean): Outcome => ({
      counts: report.counts().filter(({ read }) => read > 0),
      losses: report.losses(),
      isKept,
      written: isKept ? report.written() : 0,
    })
    try {
      const moved = await db.transaction(work)
      directory.forget()
      await logos(moved, folder, watching.onFinding)
      return outcome(true)
    } catch (error) {
      await moveVoicemails.undo()
      if (error instanceof Withdrawn) return outcome(false)
      throw error
    }
  }
}

export type MovingIn = ReturnType<typeof movingIn>
