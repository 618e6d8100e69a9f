import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import { hasUniqueEmails } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { foldedEmail } from '../../protocols/email-address.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Step, TaskKind, Work } from '../../tasks/runner.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { Accounts, LinesOfAccounts, StatisticsOfAccounts } from '../accounts/accounts.ts'
import type { Directory } from '../directory/directory.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'
import type { Lines, Lists } from './beside.ts'
import type { bulkStore, importStore, StagedRow } from './store.ts'

/** Accounts of one step, whose transaction all others wait for. */
const AT_ONCE = 50
/** Of those that are told of: each costs more. */
const TOLD_AT_ONCE = 10

export interface ImportInput extends Readonly<Record<string, unknown>> {
  readonly importId: number
  readonly mails: boolean
  readonly tells: boolean
}

/** `write`: up to that line they are accounts. `tell`: up to that line somebody was told. `undo`: from it on they are none any more. */
interface Cursor extends Readonly<Record<string, unknown>> {
  readonly phase: 'write' | 'tell' | 'undo'
  readonly at: number
}

type Token = ReturnType<ProvisioningTokens['made']>
type ImportWork = Work<ImportInput, Cursor>

const gone = () => new AppError('not_found', 'import.unknown')

/**
 * Makes accounts of a file that was read. All of it or nothing, though in many transactions, since on SQLite everybody
 * else would wait for one: where one account cannot be made any more, and where the task is cancelled, those that were
 * made go again, as if they had never been. Nobody is told of any before all are there.
 */
export const importing = (deps: {
  config: Config
  db: Db
  directory: Directory
  provisioningTokens: ProvisioningTokens
  accounts: Pick<Accounts, 'mailSetUp'>
  accountEvents: AccountEvents
  accountNews: AccountNews
  bridge: LinesOfAccounts
  statisticsClearing: StatisticsOfAccounts
  sipProxy: SipProxy
  audit: Audit
  lines: Lines
  lists: Lists
  store: ReturnType<typeof importStore>
  bulk: ReturnType<typeof bulkStore>
  now: () => Date
}): TaskKind<ImportInput, Cursor> => {
  const { config, db, directory, provisioningTokens, accounts, accountEvents, accountNews, audit } = deps
  const { bridge, statisticsClearing, sipProxy, lines, lists, store, bulk, now } = deps

  const meanwhile = ({ line, account }: StagedRow) =>
    new AppError('conflict', 'import.meanwhile', { values: { line, name: account.username } })

  /** Since they were checked, others may have taken what they are called. The Space is held: from now on nobody can. */
  const refuseTaken = async (tx: Tx, { space }: Visit, rows: readonly StagedRow[]): Promise<void> => {
    const isUnique = hasUniqueEmails(config, space)
    const emailOf = ({ account: { email } }: StagedRow) => (isUnique && email !== null ? foldedEmail(email) : null)
    const taken = await store.taken(
      tx,
      { space },
      {
        names: rows.map(({ account }) => account.username),
        emails: rows.flatMap((row) => emailOf(row) ?? []),
        phones: rows.flatMap(({ account }) => account.phone ?? []),
      },
    )
    const external = await lines.taken(
      tx,
      rows.flatMap(({ account }) => account.external ?? []),
    )
    const colliding = rows.find((row) => {
      const { username, phone, external: line } = row.account
      const email = emailOf(row)
      return (
        taken.names.has(username) ||
        (phone !== null && taken.phones.has(phone)) ||
        (email !== null && taken.emails.has(email)) ||
        (line !== null && external.has(addressOfRecord(line)))
      )
    })
    if (colliding !== undefined) throw meanwhile(colliding)
  }

  const insert = async (tx: Tx, visit: Visit, rows: readonly StagedRow[], tokens: readonly Token[]): Promise<void> => {
    const { space } = visit
    const at = now()
    const stamps = { createdAt: at, updatedAt: at }
    const made = await bulk.accounts(
      tx,
      rows.map(({ account: { username, email, phone, displayName, activated, admin } }) => ({
        username,
        domain: space.domain,
        email,
        phone,
        displayName,
        activated,
        admin,
        ipAddress: visit.address,
        userAgent: visit.userAgent ?? space.name,
        ...stamps,
      })),
    )
    const ids = new Map(made.map(({ username, id }) => [username, id]))
    const missing = rows.find(({ account }) => !ids.has(account.username))
    if (missing !== undefined) throw meanwhile(missing)
    const each = rows.map(({ account }) => ({ account, accountId: ids.get(account.username) ?? 0 }))
    await bulk.passwords(
      tx,
      each.flatMap(({ accountId, account }) =>
        account.passwords.map(({ algorithm, ha1 }) => ({ accountId, algorithm, password: ha1 })),
      ),
    )
    await bulk.tokens(
      tx,
      each.map(({ accountId }, at) => ({
        accountId,
        ...(tokens[at] as Token),
        ip: visit.address,
        userAgent: visit.userAgent,
        ...stamps,
      })),
    )
    const external = each.flatMap(({ accountId, account }) =>
      account.external === null ? [] : { accountId, ...account.external },
    )
    if (external.length > 0 && !(await lines.insert(tx, external))) throw new AppError('conflict', 'import.changed')
    const attached = each.flatMap(({ accountId, account }) =>
      account.lists.map((contactsListId) => ({ accountId, contactsListId })),
    )
    if (attached.length === 0) return
    const there = new Set((await lists.titles(tx, space)).values())
    if (attached.some(({ contactsListId }) => !there.has(contactsListId))) {
      throw new AppError('conflict', 'import.changed')
    }
    await lists.attachAll(tx, attached)
  }

  const write = async (work: ImportWork, after: number): Promise<Step<Cursor>> => {
    const { visit, input } = work
    const { space } = visit
    const found = await store.byId(db.read, input.importId)
    if (found === null) throw gone()
    const rows = await store.accounts(db.read, input.importId, after, AT_ONCE)
    const last = rows.at(-1)?.id
    if (last === undefined) return wrote(work)
    const tokens = rows.map(provisioningTokens.made)
    const step: Step<Cursor> = { cursor: { phase: 'write', at: last }, done: rows.length }
    await db.transaction(async (tx) => {
      const held = await directory.holdSpace(tx, space)
      if (held === null) throw gone()
      if (held.realm !== found.realm) throw new AppError('conflict', 'import.changed')
      const most = held.maxAccounts
      if (most > 0 && (await directory.count(tx, space)) + rows.length > most) {
        throw new AppError('forbidden', 'account.no_room')
      }
      await refuseTaken(tx, visit, rows)
      await insert(tx, visit, rows, tokens)
      await store.markMade(tx, input.importId, space.domain, after, last)
      await work.keep(tx, step)
    })
    return step
  }

  const over = async (tx: Tx, { visit, input, task, keep }: ImportWork, at: number): Promise<void> => {
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
    await keep(tx, { cursor: { phase: 'tell', at }, done: 0, isOver: true, outcome })
  }

  /** All are there. */
  const wrote = async (work: ImportWork): Promise<Step<Cursor>> => {
    const next: Step<Cursor> = { cursor: { phase: 'tell', at: 0 }, done: 0 }
    if (work.input.mails || work.input.tells) return next
    await db.transaction((tx) => over(tx, work, 0))
    return next
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
      if (last === undefined) return over(tx, work, after)
      for (const row of rows) await tellOf(tx, work, row)
      await work.keep(tx, step)
    })
    return step
  }

  const undo = async (work: ImportWork): Promise<Step<Cursor>> => {
    const { cursor, input, visit } = work
    const { space } = visit
    // Somebody was told: they stay.
    if (cursor?.phase === 'tell') {
      return { cursor, done: 0, isOver: true, outcome: { message: { id: 'import.stopped' } } }
    }
    const from = cursor?.phase === 'undo' ? cursor.at : Number.MAX_SAFE_INTEGER
    const rows = await store.made(db.read, input.importId, Math.min(from, 0x7fffffff), AT_ONCE)
    const first = rows.at(-1)?.id
    if (first === undefined) return { cursor: { phase: 'undo', at: 0 }, done: 0, isOver: true }
    const step: Step<Cursor> = { cursor: { phase: 'undo', at: first }, done: -rows.length }
    await db.transaction(async (tx) => {
      const ids = rows.map(({ madeId }) => madeId)
      await bridge.tellBelow(tx, ids)
      await statisticsClearing.forgetBelow(tx, ids)
      await sipProxy.accountsClosed(tx, ids)
      await bulk.remove(tx, { space }, ids)
      await store.unmark(
        tx,
        rows.map(({ id }) => id),
      )
      await work.keep(tx, step)
    })
    return step
  }

  return {
    kind: 'account_import',
    step: (work) => {
      const { phase = 'write', at = 0 } = work.cursor ?? {}
      return phase === 'tell' ? tell(work, at) : write(work, at)
    },
    undo,
  }
}
