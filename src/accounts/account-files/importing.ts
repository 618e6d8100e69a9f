import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import type { Step, TaskKind, Work } from '../../tasks/runner.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Directory } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Lines, Lists } from './beside.ts'
import type { bulkStore } from './bulk-store.ts'
import type { importStore, StagedRow } from './store.ts'
import { writing } from './writing.ts'

/** Accounts of one step that somebody is told of. */
const TOLD_AT_ONCE = 10

export interface ImportInput extends Readonly<Record<string, unknown>> {
  readonly importId: number
  readonly mails: boolean
  readonly tells: boolean
}

/** All are accounts, and up to that line somebody was told. */
interface Cursor extends Readonly<Record<string, unknown>> {
  readonly phase: 'tell'
  readonly at: number
}

type ImportWork = Work<ImportInput, Cursor>

/**
 * Makes accounts of a file that was read: all of it in one transaction, so that nobody ever sees a part. Nobody is told
 * of any before all are there.
 */
export const importing = (deps: {
  config: Config
  db: Db
  directory: Directory
  provisioningTokens: ProvisioningTokens
  accounts: Pick<Accounts, 'mailSetUp'>
  accountEvents: AccountEvents
  accountNews: AccountNews
  audit: Audit
  lines: Lines
  lists: Lists
  store: ReturnType<typeof importStore>
  bulk: ReturnType<typeof bulkStore>
  passwords: Pick<Passwords, 'insertFrom'>
  now: () => Date
}): TaskKind<ImportInput, Cursor> => {
  const { db, directory, provisioningTokens, accounts, accountEvents, accountNews, audit, store } = deps
  const makeAccounts = writing(deps)

  const over = async (tx: Tx, { visit, input, task, keep }: ImportWork, step: Step<Cursor>): Promise<void> => {
    const found = await store.byId(tx, input.importId)
    const count = found?.accounts ?? 0
    await audit.record(tx, 'account.imported', {
      by: visit,
      space: visit.space,
      about: { kind: 'task', id: task, name: 'account_import' },
      detail: { count },
    })
    const outcome = {
      message: { id: 'import.done', values: { count } },
      go: { label: 'import.look', to: '/admin/accounts' },
    } as const
    await keep(tx, { ...step, isOver: true, outcome })
  }

  const write = async (work: ImportWork): Promise<Step<Cursor>> => {
    const { visit, input } = work
    const found = await store.byId(db.read, input.importId)
    if (found === null) throw new AppError('not_found', 'import.unknown')
    const isTold = input.mails || input.tells
    const step: Step<Cursor> = { cursor: { phase: 'tell', at: 0 }, done: found.accounts }
    // Before the transaction, which all others wait for.
    const tokens = await provisioningTokens.madeInOrder(found.accounts)
    await db.transaction(async (tx) => {
      await makeAccounts(tx, visit, found, { tokens, isMarked: isTold })
      await (isTold ? work.keep(tx, step) : over(tx, work, step))
    })
    return step
  }

  const tellOf = async (tx: Tx, { visit, input }: ImportWork, { madeId, account }: StagedRow): Promise<void> => {
    const { space } = visit
    const there = madeId === null ? null : await directory.find(tx, space, madeId)
    if (there === null) return
    if (input.tells) {
      await accountEvents.announce(tx, 'created', visit, { account: there, space })
      await accountNews.tell(tx, 'account.created', there)
    }
    if (input.mails && account.email !== null) await accounts.mailSetUp(tx, visit, there.id)
  }

  const tell = async (work: ImportWork, after: number): Promise<Step<Cursor>> => {
    const rows = await store.accounts(db.read, work.input.importId, after, TOLD_AT_ONCE)
    const last = rows.at(-1)?.id
    const step: Step<Cursor> = { cursor: { phase: 'tell', at: last ?? after }, done: rows.length }
    await db.transaction(async (tx) => {
      if (last === undefined) return over(tx, work, step)
      for (const row of rows) await tellOf(tx, work, row)
      await work.keep(tx, step)
    })
    return step
  }

  return {
    kind: 'account_import',
    step: (work) => (work.cursor === null ? write(work) : tell(work, work.cursor.at)),
    // Only what is there can be told of, and those who were told would look for it: they stay.
    undo: async ({ cursor }) => ({
      cursor: cursor ?? { phase: 'tell', at: 0 },
      done: 0,
      isOver: true,
      outcome: { message: { id: 'import.stopped' } },
    }),
  }
}
