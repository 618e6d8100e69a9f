import { stringify } from 'csv-stringify/sync'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { type Pace, sweep } from '../../db/sweep.ts'
import { AppError, invalid } from '../../errors.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import type { Logging } from '../../logging/logging.ts'
import { fieldName, type Language, translate } from '../../messages/messages.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import type { Secrets } from '../../secrets.ts'
import type { Step, Work } from '../../tasks/runner.ts'
import type { Tasks } from '../../tasks/tasks.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Directory } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { PhoneCountries } from '../phone-countries/phone-countries.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Lines, Lists } from './beside.ts'
import { bulkStore } from './bulk-store.ts'
import { asCell } from './columns.ts'
import { exporting } from './exporting.ts'
import { type ImportInput, importing } from './importing.ts'
import { MOST_BYTES, MOST_ROWS, staging } from './staging.ts'
import { type AccountImport, importStore, type StagedRow } from './store.ts'

export { COLUMNS, headOf, SAMPLE_FILE } from './columns.ts'
export { download } from './download.ts'
export { FORMATS, type Format, type WantedExport } from './exporting.ts'
export type { Receive } from './staging.ts'
export { MOST_BYTES, MOST_ROWS } from './staging.ts'

/** How long a file waits for the word of whoever sent it. */
const WAIT_MS = 3_600_000

const SHOWN_ACCOUNTS = 20
const SHOWN_FAULTS = 100
const PAGE = 200

/** What a line is refused for, as its report says it. */
export interface Fault {
  readonly line: number
  /** As the head of a CSV file calls it; empty: the whole line. */
  readonly column: string
  /** What stands there; null: a secret, or the whole line. */
  readonly shown: string | null
  readonly reason: string
}

/** A file that was read, as it is shown before anything is imported. */
export interface Preview {
  readonly found: AccountImport
  readonly accounts: readonly StagedRow[]
  readonly administrators: readonly StagedRow[]
  readonly faults: readonly Fault[]
  /** How many accounts the Space still takes; null: as many as you like. */
  readonly room: number | null
}

export interface Choices {
  readonly skipFaulty: boolean
  readonly mails: boolean
}

type Done = Step<Members>

/** The kind of task that imports, where no task is made of it. */
interface ImportAtOnce {
  step(work: Work<ImportInput, Members>): Promise<Done>
  undo(work: Work<ImportInput, Members>): Promise<Done>
}

/** Accounts as files: read, checked, imported, exported (behaviour/accounts.md §9). */
export const accountFiles = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  tasks: Tasks
  directory: Directory
  passwords: Passwords
  provisioningTokens: ProvisioningTokens
  phoneCountries: PhoneCountries
  accounts: Pick<Accounts, 'mailSetUp' | 'idsAfter'>
  accountEvents: AccountEvents
  accountNews: AccountNews
  audit: Audit
  externalAccounts: Lines
  contactsLists: Lists
  log: Logging
  now: () => Date
}) => {
  const { db, tasks, directory, accountEvents, accountNews, now } = deps
  const store = importStore(db)
  const parts = {
    ...deps,
    store,
    bulk: bulkStore(db),
    lines: deps.externalAccounts,
    lists: deps.contactsLists,
  }
  const { stage, remove } = staging(parts)

  /** `caller` null: the command line, in whose process it was read. */
  const find = async (caller: Caller | null, name: string): Promise<AccountImport> => {
    const found = await store.named(db.read, caller?.id ?? null, name)
    if (found === null || found.createdAt.getTime() < now().getTime() - WAIT_MS) {
      throw new AppError('not_found', 'import.unknown')
    }
    return found
  }

  const roomOf = async (space: Space): Promise<number | null> =>
    space.maxAccounts === 0 ? null : Math.max(0, space.maxAccounts - (await directory.count(db.read, space)))

  const faultsOf = async (language: Language, importId: number, after: number, most: number) => {
    const rows = await store.faulty(db.read, importId, after, most)
    const faults = rows.flatMap(({ line, faults }) =>
      (faults?.all ?? []).map(({ column, shown, id, values = {} }): Fault => {
        const field = fieldName(language, column.toLowerCase().replaceAll(' ', '_'))
        return { line, column, shown, reason: translate(language, { id, values: { field, ...values } }) }
      }),
    )
    return { last: rows.at(-1)?.id ?? null, faults }
  }

  /** Refuses what cannot be imported as it is. Whether somebody waits to be told of accounts. */
  const settled = async ({ space }: Visit, found: AccountImport, { skipFaulty }: Choices): Promise<boolean> => {
    if (found.spaceId !== space.id) throw new AppError('not_found', 'import.unknown')
    if (found.faulty > 0 && !skipFaulty) throw invalid('skip_faulty', 'import.faulty', { count: found.faulty })
    if (found.accounts === 0) throw invalid('file', 'import.nothing')
    const room = await roomOf(space)
    if (room !== null && room < found.accounts) throw new AppError('forbidden', 'account.no_room')
    return accountEvents.isAwaited('created') || (await accountNews.isAwaited(db.read, space.domain, 'account.created'))
  }

  const task = importing(parts)

  /** Step by step, as the runner of tasks does it, and back where one fails. An import looks at its visit alone. */
  const atOnce = async (visit: Visit, input: ImportInput, show: (done: number) => void): Promise<void> => {
    const { step: write, undo } = task as ImportAtOnce
    let cursor: Done['cursor'] | null = null
    let done = 0
    const next = async (take: ImportAtOnce['step']): Promise<boolean> => {
      let kept: Done | null = null
      const keep = async (_: unknown, step: Done) => {
        kept = step
      }
      const step = await take({ task: null, visit, input, cursor, keep })
      const { cursor: reached, done: more, isOver = false } = kept ?? step
      cursor = reached
      done += more
      show(done)
      return isOver
    }
    try {
      while (!(await next(write)));
    } catch (error) {
      if (cursor !== null) while (!(await next(undo)));
      throw error
    }
  }

  return {
    stage,
    find,
    /** Of a file in the Space of the visit, for whoever sent it. */
    preview: async (visit: Visit, caller: Caller | null, name: string): Promise<Preview> => {
      const found = await find(caller, name)
      return {
        found,
        accounts: await store.accounts(db.read, found.id, 0, SHOWN_ACCOUNTS),
        administrators:
          found.administrators === 0 ? [] : await store.accounts(db.read, found.id, 0, SHOWN_FAULTS, true),
        faults: (await faultsOf(visit.language, found.id, 0, SHOWN_FAULTS)).faults,
        room: await roomOf(visit.space),
      }
    },
    /** Every fault, as CSV in pieces. */
    async *report(language: Language, { id }: AccountImport): AsyncIterable<string> {
      yield stringify([['Line', 'Column', 'Value', 'Reason']], { record_delimiter: '\r\n' })
      for (let after = 0; ; ) {
        const { last, faults } = await faultsOf(language, id, after, PAGE)
        if (last === null) return
        yield stringify(
          faults.map(({ line, column, shown, reason }) => [line, column, asCell(shown ?? ''), reason]),
          { record_delimiter: '\r\n' },
        )
        after = last
        await Bun.sleep(0)
      }
    },
    /** Begins the import as a task; resolves to its id. Refuses a file with faulty lines that are not to be skipped. */
    begin: async (visit: Visit, caller: Caller, name: string, choices: Choices): Promise<number> => {
      const found = await find(caller, name)
      const { mails } = choices
      const tells = await settled(visit, found, choices)
      return db.transaction(async (tx) => {
        const id = await tasks.start(tx, visit, caller, {
          kind: 'account_import',
          input: { importId: found.id, mails, tells },
          total: mails || tells ? 2 * found.accounts : found.accounts,
        })
        if (!(await store.begin(tx, found.id, id))) throw new AppError('conflict', 'import.begun')
        return id
      })
    },
    /**
     * The same at once, where nobody is signed in. `show` hears how much of all is done. Refuses what `begin` refuses;
     * where an account cannot be made after all, none is.
     */
    importNow: async (
      visit: Visit,
      found: AccountImport,
      choices: Choices,
      show: (done: number, total: number) => void,
    ): Promise<void> => {
      const tells = await settled(visit, found, choices)
      const { mails } = choices
      const total = mails || tells ? 2 * found.accounts : found.accounts
      await atOnce(visit, { importId: found.id, mails, tells }, (done) => show(done, total))
    },
    /** Every fault, in the order of the lines. */
    async *faults(language: Language, { id }: AccountImport): AsyncIterable<Fault> {
      for (let after = 0; ; ) {
        const { last, faults } = await faultsOf(language, id, after, PAGE)
        if (last === null) return
        yield* faults
        after = last
      }
    },
    /** What was read is not needed any more. */
    forget: remove,
    /** The administrator wants nothing of it. */
    discard: async (caller: Caller, name: string): Promise<void> => {
      const found = await find(caller, name)
      if (found.taskId !== null) throw new AppError('conflict', 'import.begun')
      await remove(found.id)
    },
    export: exporting(parts).pieces,
    /** Removes files that have waited for an hour, unless their task is not over; resolves to how many. */
    clear: async (pace: Pace = {}): Promise<number> => {
      const before = new Date(now().getTime() - WAIT_MS)
      await sweep(db, store.oldRows(before), pace)
      return sweep(db, store.old(before), pace)
    },
    /** The kind of task that imports. */
    task,
    limits: { rows: MOST_ROWS, bytes: MOST_BYTES },
  }
}

export type AccountFiles = ReturnType<typeof accountFiles>
