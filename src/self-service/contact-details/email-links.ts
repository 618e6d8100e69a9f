import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import { type Codes, MOST_ATTEMPTS } from '../../accounts/codes/codes.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Space } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import { isSameEmail } from '../../protocols/email-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { Applying } from './applying.ts'
import { LINK_LENGTH } from './pending-codes.ts'
import type { ContactDetailsStore, EmailChange } from './store.ts'

const UNDO_FOR_MS = 72 * 3_600_000

/** The links in mails: one confirms an address, one brings the address before it back. */
export const emailLinks = (deps: {
  db: Db
  store: ContactDetailsStore
  applying: Applying
  secrets: Secrets
  accounts: Accounts
  accountTokens: AccountTokens
  codes: Codes
  sessions: Sessions
  audit: Audit
  now: () => Date
}) => {
  const { db, store, secrets, accounts, accountTokens, codes, sessions, audit, now } = deps
  const { applyEmail } = deps.applying

  const note = (tx: Tx, by: Visit, space: Space, about: AccountView, via: 'link' | 'undo'): Promise<void> =>
    audit.record(tx, 'account.email', { by, space, about, changed: ['email'], detail: { via } })

  const findByLink = async (on: Reader, space: Space, link: string): Promise<EmailChange> => {
    const change = link.length === LINK_LENGTH ? await store.pendingByLink(on, space, secrets.hash(link)) : null
    if (change === null) throw new AppError('not_found', 'email.link_unknown')
    if (codes.isExpired('email', change.createdAt) || change.attempts >= MOST_ATTEMPTS) {
      throw new AppError('gone', 'code.dead')
    }
    return change
  }

  const findUndo = async (on: Reader, space: Space, link: string): Promise<EmailChange & { previousEmail: string }> => {
    const change = link.length === LINK_LENGTH ? await store.byUndo(on, space, secrets.hash(link)) : null
    const { previousEmail = null } = change ?? {}
    if (change === null || previousEmail === null) throw new AppError('not_found', 'email.link_unknown')
    if ((change.confirmedAt?.getTime() ?? 0) + UNDO_FOR_MS < now().getTime())
      throw new AppError('gone', 'email.undo_late')
    return { ...change, previousEmail }
  }

  return {
    /** What the page of a mail's link shows; confirms nothing. */
    inspectLink: async (visit: Visit, link: string): Promise<{ email: string }> =>
      findByLink(db.read, visit.space, link),
    /** Whoever has the link reads the mailbox: no code and no session are needed. */
    confirmByLink: async (visit: Visit, link: string): Promise<void> => {
      const { space } = visit
      await db.transaction(async (tx) => {
        const { accountId } = await findByLink(tx, space, link)
        await accounts.holdWithSpace(tx, space, accountId)
        const change = await findByLink(tx, space, link)
        await codes.confirm(tx, 'email', change.id)
        const { account: before } = await accounts.view(tx, space, accountId)
        if (!before.activated) await accountTokens.vouch(tx, visit, accountId)
        const changed = await applyEmail(tx, space, change, visit)
        await accounts.announceUpdated(tx, visit, { account: changed, space })
        await note(tx, visit, space, changed, 'link')
      })
    },
    inspectUndo: async (visit: Visit, link: string): Promise<{ previousEmail: string }> =>
      findUndo(db.read, visit.space, link),
    /** The address before the change is the account's again, and whoever is signed in no longer is. */
    undoEmail: async (visit: Visit, link: string): Promise<void> => {
      const { space } = visit
      await db.transaction(async (tx) => {
        const { accountId } = await findUndo(tx, space, link)
        await accounts.holdWithSpace(tx, space, accountId)
        const change = await findUndo(tx, space, link)
        const { account: current } = await accounts.view(tx, space, accountId)
        refuseClosed(current)
        // Somebody has moved on since: the newer notice's link is the one that counts.
        if (!isSameEmail(current.email, change.email)) throw new AppError('gone', 'email.undo_late')
        if (!(await store.spendUndo(tx, change.id, now()))) throw new AppError('not_found', 'email.link_unknown')
        if (!(await accounts.setContact(tx, space, accountId, { email: change.previousEmail }))) {
          throw new AppError('conflict', 'email.undo_taken')
        }
        await codes.invalidate(tx, 'email', accountId)
        const revoked = await accounts.signOut(tx, accountId)
        const { account } = await accounts.view(tx, space, accountId)
        await accounts.announceUpdated(tx, visit, { account, space })
        await note(tx, visit, space, account, 'undo')
        await sessions.recordRevoked(tx, visit, space, account, revoked)
      })
    },
  }
}
