import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import type { Notices } from '../../accounts/notices/notices.ts'
import type { Tx } from '../../db/db.ts'
import { invalid } from '../../errors.ts'
import type { Space } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { isSameEmail } from '../../protocols/email-address.ts'
import type { Secrets } from '../../secrets.ts'
import { LINK_LENGTH } from './pending-codes.ts'
import type { ContactDetailsStore, EmailChange, PhoneChange } from './store.ts'

/** Gives an account the number or the address that it has proven, while it is held. */
export const applying = (deps: {
  store: ContactDetailsStore
  secrets: Secrets
  accounts: Accounts
  notices: Notices
  outbox: Outbox
  now: () => Date
}) => {
  const { store, secrets, accounts, notices, outbox, now } = deps

  /** Whoever writes the Space's newsletter learns of a reader, now that the address is known to be theirs. */
  const subscribe = async (tx: Tx, space: Space, { email, newsletterWording, createdAt }: EmailChange) => {
    const recipient = space.newsletterRegistrationAddress
    if (newsletterWording === null || recipient === null) return
    await outbox.add(tx, {
      channel: 'mail',
      kind: 'newsletter',
      spaceId: space.id,
      accountId: null,
      recipient,
      language: space.locale ?? 'en',
      data: { email, wording: newsletterWording, time: createdAt.toISOString() },
    })
  }

  /** Stores the new address, and tells the old one how to bring it back. */
  const applyEmail = async (tx: Tx, space: Space, change: EmailChange, visit: Visit): Promise<AccountView> => {
    const { account: before } = await accounts.view(tx, space, change.accountId)
    refuseClosed(before)
    if (!(await accounts.setContact(tx, space, change.accountId, { email: change.email }))) {
      throw invalid('email', 'v.taken')
    }
    const isMoved = before.email !== null && !isSameEmail(before.email, change.email)
    const undo = isMoved ? secrets.token(LINK_LENGTH) : null
    await store.keepUndo(tx, change.id, before.email, undo === null ? null : secrets.hash(undo), now())
    if (undo !== null) await notices.emailChanged(tx, space, before, visit, { to: change.email, undo })
    await subscribe(tx, space, change)
    return (await accounts.view(tx, space, change.accountId)).account
  }

  const applyPhone = async (tx: Tx, space: Space, change: PhoneChange): Promise<AccountView> => {
    refuseClosed((await accounts.view(tx, space, change.accountId)).account)
    if (!(await accounts.setContact(tx, space, change.accountId, { phone: change.phone }))) {
      throw invalid('phone', 'v.taken')
    }
    return (await accounts.view(tx, space, change.accountId)).account
  }

  return { applyEmail, applyPhone }
}

export type Applying = ReturnType<typeof applying>
