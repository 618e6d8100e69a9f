import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { turn } from '../../db/turn.ts'
import { AppError } from '../../errors.ts'
import { hasUniqueEmails } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Directory } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { MadeToken } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Lines as ExternalAccounts, Lists } from './beside.ts'
import type { bulkStore, Common } from './bulk-store.ts'
import { slices } from './slices.ts'
import type { AccountImport, importStore, Lines, StagedRow } from './store.ts'

/** Tokens are stored so many at a time. */
const TOKENS_AT_ONCE = 200

const gone = () => new AppError('not_found', 'import.unknown')
const changed = () => new AppError('conflict', 'import.changed')

/**
 * Makes accounts of a file that was read, in the one transaction that it is handed: some milliseconds at a time, and
 * between them others may read.
 */
export const writing = (deps: {
  config: Config
  db: Db
  directory: Directory
  lines: ExternalAccounts
  lists: Lists
  store: ReturnType<typeof importStore>
  bulk: ReturnType<typeof bulkStore>
  passwords: Pick<Passwords, 'insertFrom'>
  now: () => Date
}) => {
  const { config, db, directory, lines: externalAccounts, lists, store, bulk, now } = deps
  const insertPasswords = bulk.passwordsBy(deps.passwords)

  const meanwhile = ({ line, account }: Pick<StagedRow, 'line' | 'account'>) =>
    new AppError('conflict', 'import.meanwhile', { values: { line, name: account.username } })

  /** Nobody else takes names, numbers or addresses of the Space from now on. */
  const hold = async (tx: Tx, { space }: Visit, { realm, accounts }: AccountImport): Promise<void> => {
    const held = await directory.holdSpace(tx, space)
    if (held === null) throw gone()
    if (held.purgeAt !== null) throw new AppError('conflict', 'space.closing')
    if (held.realm !== realm) throw changed()
    const most = held.maxAccounts
    if (most > 0 && (await directory.count(tx, space)) + accounts > most) {
      throw new AppError('forbidden', 'account.no_room')
    }
  }

  /** Somebody else was faster: the name or number of one of the lines belongs to an account of before. */
  const refuseMissing = async (tx: Tx, { space }: Visit, lines: Lines, first: number): Promise<never> => {
    const rows = await store.accounts(tx, lines.importId, lines.after, lines.count)
    for (const row of rows) {
      const there = await directory.named(tx, space, row.account.username)
      if (there === null || there.id < first) throw meanwhile(row)
    }
    throw changed()
  }

  /** External accounts and contacts lists, which few lines have. */
  const insertMore = async (tx: Tx, { space }: Visit, lines: Lines, common: Common): Promise<void> => {
    const rows = await bulk.withMore(tx, lines, common)
    if (rows.length === 0) return
    const external = rows.flatMap(({ accountId, account }) =>
      account.external === null ? [] : { accountId, ...account.external },
    )
    const taken = await externalAccounts.taken(tx, external)
    const colliding = rows.find(({ account: { external: one } }) => one !== null && taken.has(addressOfRecord(one)))
    if (colliding !== undefined) throw meanwhile(colliding)
    if (external.length > 0 && !(await externalAccounts.insert(tx, external))) throw changed()
    const attached = rows.flatMap(({ accountId, account }) =>
      account.lists.map((contactsListId) => ({ accountId, contactsListId })),
    )
    if (attached.length === 0) return
    const there = new Set((await lists.titles(tx, space)).values())
    if (attached.some(({ contactsListId }) => !there.has(contactsListId))) throw changed()
    await lists.attachAll(tx, attached)
  }

  const insertTokens = async (tx: Tx, visit: Visit, ids: readonly number[], tokens: readonly MadeToken[], at: Date) => {
    const by = { ip: visit.address, userAgent: visit.userAgent, at }
    for (let from = 0; from < ids.length; from += TOKENS_AT_ONCE) {
      const some = ids.slice(from, from + TOKENS_AT_ONCE)
      const each = some.map((accountId, index) => ({ accountId, ...(tokens[from + index] as MadeToken) }))
      await bulk.tokens(tx, each, by)
      await turn()
    }
  }

  /** `tokens`: one for each account. `isMarked`: each line is to know its account. */
  return async (
    tx: Tx,
    visit: Visit,
    found: AccountImport,
    { tokens, isMarked }: { readonly tokens: readonly MadeToken[]; readonly isMarked: boolean },
  ): Promise<void> => {
    const { space } = visit
    await hold(tx, visit, found)
    const { address: ipAddress, userAgent } = visit
    const common: Common = { domain: space.domain, ipAddress, userAgent: userAgent ?? space.name, at: now() }
    const isUnique = hasUniqueEmails(config, space)
    const pace = slices({ isElsewhere: !db.hasOneWriter })
    const ids: number[] = []
    for (let after = 0; ; ) {
      const started = performance.now()
      const lines = await store.stretch(tx, found.id, after, pace.size())
      if (lines === null) break
      const colliding = await bulk.colliding(tx, lines, common, isUnique)
      if (colliding !== null) throw meanwhile(colliding)
      const made = await bulk.accounts(tx, lines, common)
      if (made.length < lines.count) await refuseMissing(tx, visit, lines, made[0]?.id ?? Number.MAX_SAFE_INTEGER)
      await insertPasswords(tx, lines, common)
      await insertMore(tx, visit, lines, common)
      if (isMarked) await bulk.markMade(tx, lines, common)
      for (const { id } of made) ids.push(id)
      after = lines.last
      pace.took(lines.count, performance.now() - started)
      await turn()
    }
    await insertTokens(tx, visit, ids, tokens, common.at)
  }
}
