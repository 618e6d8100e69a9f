import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import type { Space } from '../../nouns/space.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { ConfirmationKeys } from '../confirmation-keys/confirmation-keys.ts'
import type { Dictionary } from '../dictionary/dictionary.ts'
import type { Directory } from '../directory/directory.ts'
import type { Notices } from '../notices/notices.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { PhoneCountries } from '../phone-countries/phone-countries.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Revocation } from '../revocation/revocation.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'

import { announcing } from './announcing.ts'
import { change, type ForwardingsToContacts } from './change.ts'
import { creation } from './creation.ts'
import { credentials } from './credentials.ts'
import { deletion } from './deletion.ts'
import type { LinesOfAccounts, StatisticsOfAccounts } from './housekeeping.ts'
import { identifiers } from './identifiers.ts'
import { lastAdministrator } from './last-administrator.ts'
import { accountListing } from './listing.ts'
import { setUp, setUpMails } from './set-up.ts'
import { standing } from './standing.ts'
import { accountStore } from './store.ts'

export type { AccountView, Called, Found } from '../directory/directory.ts'
export type { ForwardingsToContacts, Owner } from './change.ts'
export type { LinesOfAccounts, StatisticsOfAccounts } from './housekeeping.ts'
export { type ListedPage, ROLES, SORTS, SOUGHT, SOUGHT_MEANINGS, type Sought, STATES, soughtBy } from './listing.ts'

/** What is done with accounts, as a table of contents. What takes a `tx` belongs to a transaction of its caller. */
export const accounts = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  directory: Directory
  passwords: Passwords
  revocation: Revocation
  provisioningTokens: ProvisioningTokens
  dictionary: Dictionary
  phoneCountries: PhoneCountries
  confirmationKeys: ConfirmationKeys
  sessions: Sessions
  notices: Notices
  outbox: Outbox
  accountEvents: AccountEvents
  accountNews: AccountNews
  bridge: LinesOfAccounts
  statisticsClearing: StatisticsOfAccounts
  forwardingsToContacts: ForwardingsToContacts
  sipProxy: SipProxy
  audit: Audit
  now: () => Date
}) => {
  const { db, directory, revocation, now } = deps
  const rows = {
    ...deps,
    store: accountStore(db),
    last: lastAdministrator({ db, directory }),
    announcing: announcing(deps),
  }
  const called = { ...rows, identifiers: identifiers(rows), setUpMails: setUpMails(rows) }
  const made = { ...called, creation: creation(called) }
  const { create, createOnPage, register, makeOwn, insert, refuseFull, pendingKey } = made.creation
  const { isNameTaken, isTaken, setContact } = made.identifiers

  return {
    // Which there are: directory/directory.ts.
    byId: directory.byId,
    byIds: (space: Space, ids: readonly number[]) => directory.byIds(db.read, space, ids),
    bySip: directory.bySip,
    byEmail: directory.byEmail,
    forProxy: directory.forProxy,
    idForProxy: directory.idForProxy,
    ofCaller: directory.ofCaller,
    ownerOf: directory.ownerOf,
    view: directory.view,
    count: (space: Space): Promise<number> => directory.count(db.read, space),
    ...accountListing(db, directory, now),

    // Held until a transaction ends: directory/holding.ts.
    hold: directory.hold,
    holdOpen: directory.holdOpen,
    holdWithSpace: directory.holdWithSpace,
    markActivated: directory.markActivated,
    setLocale: directory.setLocale,

    // How they come to be: creation.ts.
    create,
    createOnPage,
    register,
    makeOwn,
    insert,
    pendingKey,
    /** Asked before anything else is looked at. */
    refuseFull: (space: Space): Promise<void> => refuseFull(db.read, space),

    // What they are called and reached by: identifiers.ts.
    isNameTaken,
    isTaken,
    setContact,

    // What becomes of them: change.ts, credentials.ts, standing.ts, set-up.ts, deletion.ts, and ../revocation/revocation.ts.
    ...change(made),
    ...credentials(made),
    ...standing(made),
    ...setUp(made),
    /** A set-up link by mail, to an account that is held or was just made. */
    mailSetUp: called.setUpMails.send,
    ...deletion(made),
    signOut: revocation.signOut,
  }
}

export type Accounts = ReturnType<typeof accounts>
