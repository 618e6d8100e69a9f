import { and, eq, getTableColumns, max, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { findMany, insertMany } from '../db/many.ts'
import { first, only } from '../db/rows.ts'

type Tables = Db['tables']
type NewOf<Name extends keyof Tables> = Tables[Name]['$inferInsert']

/** Everything that a move writes: many rows at once, and what is in the way is left. Resolve to the rows that were stored. */
export const movingInStore = (db: Db) => {
  const t = db.tables
  const { id: _p, ...passwords } = getTableColumns(t.passwords)
  const { id: _t, ...tombstones } = getTableColumns(t.accountsTombstones)
  const { id: _k, ...apiKeys } = getTableColumns(t.apiKeys)
  const { id: _d, ...entries } = getTableColumns(t.accountDictionaryEntries)
  const { id: _v, ...vcards } = getTableColumns(t.vcardsStorage)
  const { id: _f, ...forwardings } = getTableColumns(t.callForwardings)
  const { id: _m, ...voicemails } = getTableColumns(t.voicemails)
  const { id: _pt, ...provisioning } = getTableColumns(t.provisioningTokens)
  const { id: _ct, ...creation } = getTableColumns(t.accountCreationTokens)
  const { id: _rt, ...requests } = getTableColumns(t.accountCreationRequestTokens)
  const { id: _vt, ...recovery } = getTableColumns(t.accountRecoveryTokens)
  const { id: _at, ...auth } = getTableColumns(t.authTokens)
  const { id: _rp, ...resets } = getTableColumns(t.resetPasswordEmailTokens)
  const { id: _ck, ...confirmation } = getTableColumns(t.accountConfirmationKeys)
  const { id: _pc, ...phoneCodes } = getTableColumns(t.phoneChangeCodes)
  const { id: _ec, ...emailCodes } = getTableColumns(t.emailChangeCodes)
  const { id: _md, ...messageDevices } = getTableColumns(t.statisticsMessageDevices)
  const { id: _cd, ...callDevices } = getTableColumns(t.statisticsCallDevices)

  const names = findMany(
    db,
    'move_accounts_there',
    t.accounts.username,
    { domain: t.accounts.domain },
    (on, wanted, { domain }) =>
      on
        .select({ id: t.accounts.id, username: t.accounts.username })
        .from(t.accounts)
        .where(and(eq(t.accounts.domain, domain), sql`${t.accounts.username} in (${sql.join([...wanted], sql`, `)})`)),
  )

  return {
    accounts: insertMany(db, 'move_accounts', t.accounts, getTableColumns(t.accounts), { id: t.accounts.id }),
    passwords: insertMany(db, 'move_passwords', t.passwords, passwords, { id: t.passwords.id }),
    external: insertMany(db, 'move_external', t.externalAccounts, getTableColumns(t.externalAccounts), {
      id: t.externalAccounts.id,
    }),
    actions: insertMany(db, 'move_actions', t.accountActions, getTableColumns(t.accountActions), {
      id: t.accountActions.id,
    }),
    tombstones: insertMany(db, 'move_tombstones', t.accountsTombstones, tombstones, { id: t.accountsTombstones.id }),
    apiKeys: insertMany(db, 'move_api_keys', t.apiKeys, apiKeys, { id: t.apiKeys.id }),
    entries: insertMany(db, 'move_entries', t.accountDictionaryEntries, entries, { id: t.accountDictionaryEntries.id }),
    vcards: insertMany(db, 'move_vcards', t.vcardsStorage, vcards, { id: t.vcardsStorage.id }),
    forwardings: insertMany(db, 'move_forwardings', t.callForwardings, forwardings, { id: t.callForwardings.id }),
    voicemails: insertMany(db, 'move_voicemails', t.voicemails, voicemails, { id: t.voicemails.id }),
    contacts: insertMany(db, 'move_contacts', t.contacts, getTableColumns(t.contacts), {
      accountId: t.contacts.accountId,
    }),
    listContacts: insertMany(db, 'move_list_contacts', t.contactsListContact, getTableColumns(t.contactsListContact), {
      contactId: t.contactsListContact.contactId,
    }),
    listAccounts: insertMany(db, 'move_list_accounts', t.accountContactsList, getTableColumns(t.accountContactsList), {
      accountId: t.accountContactsList.accountId,
    }),
    typesOf: insertMany(db, 'move_types_of', t.accountAccountType, getTableColumns(t.accountAccountType), {
      accountId: t.accountAccountType.accountId,
    }),
    credentials: insertMany(
      db,
      'move_credentials',
      t.accountCarddavCredentials,
      getTableColumns(t.accountCarddavCredentials),
      { accountId: t.accountCarddavCredentials.accountId },
    ),
    provisioning: insertMany(db, 'move_provisioning', t.provisioningTokens, provisioning, {
      id: t.provisioningTokens.id,
    }),
    creation: insertMany(db, 'move_creation', t.accountCreationTokens, creation, { id: t.accountCreationTokens.id }),
    requests: insertMany(db, 'move_requests', t.accountCreationRequestTokens, requests, {
      id: t.accountCreationRequestTokens.id,
    }),
    recovery: insertMany(db, 'move_recovery', t.accountRecoveryTokens, recovery, { id: t.accountRecoveryTokens.id }),
    auth: insertMany(db, 'move_auth', t.authTokens, auth, { id: t.authTokens.id }),
    resets: insertMany(db, 'move_resets', t.resetPasswordEmailTokens, resets, { id: t.resetPasswordEmailTokens.id }),
    confirmation: insertMany(db, 'move_confirmation', t.accountConfirmationKeys, confirmation, {
      id: t.accountConfirmationKeys.id,
    }),
    phoneCodes: insertMany(db, 'move_phone_codes', t.phoneChangeCodes, phoneCodes, { id: t.phoneChangeCodes.id }),
    emailCodes: insertMany(db, 'move_email_codes', t.emailChangeCodes, emailCodes, { id: t.emailChangeCodes.id }),
    wizards: insertMany(db, 'move_wizards', t.wizards, getTableColumns(t.wizards), { token: t.wizards.token }),
    messages: insertMany(db, 'move_messages', t.statisticsMessages, getTableColumns(t.statisticsMessages), {
      id: t.statisticsMessages.id,
    }),
    calls: insertMany(db, 'move_calls', t.statisticsCalls, getTableColumns(t.statisticsCalls), {
      id: t.statisticsCalls.id,
    }),
    messageDevices: insertMany(db, 'move_message_devices', t.statisticsMessageDevices, messageDevices, {
      id: t.statisticsMessageDevices.id,
    }),
    callDevices: insertMany(db, 'move_call_devices', t.statisticsCallDevices, callDevices, {
      id: t.statisticsCallDevices.id,
    }),

    /** Those of a domain that are there already. */
    named: (on: Reader, domain: string, usernames: readonly string[]) => names(on, usernames, { domain }),
    /** null: nobody has it. */
    phoned: (on: Reader, domain: string, phone: string) =>
      first(
        on
          .select({ username: t.accounts.username })
          .from(t.accounts)
          .where(and(eq(t.accounts.domain, domain), eq(t.accounts.phone, phone))),
      ),
    externalOf: (on: Reader, username: string, domain: string) =>
      first(
        on
          .select({ id: t.externalAccounts.id })
          .from(t.externalAccounts)
          .where(and(eq(t.externalAccounts.username, username), eq(t.externalAccounts.domain, domain))),
      ),
    /** The largest id; 0: the table is empty. */
    lastId: async (
      on: Reader,
      name:
        | 'accounts'
        | 'spaces'
        | 'contactsLists'
        | 'accountTypes'
        | 'externalAccounts'
        | 'accountActions'
        | 'spaceCarddavServers',
    ) => (await only(on.select({ last: max(t[name].id) }).from(t[name]))).last ?? 0,
    /** Addresses that several accounts of a Space have, the first twenty. */
    sharedEmails: (on: Reader, domain: string) =>
      on
        .select({ email: db.folded(t.accounts.email), n: sql<number>`count(*)`.mapWith(Number) })
        .from(t.accounts)
        .where(and(eq(t.accounts.domain, domain), sql`${t.accounts.email} is not null`))
        .groupBy(db.folded(t.accounts.email))
        .having(sql`count(*) > 1`)
        .limit(20),
    countOf: async (on: Reader, domain: string): Promise<number> =>
      (
        await only(
          on
            .select({ n: sql<number>`count(*)`.mapWith(Number) })
            .from(t.accounts)
            .where(eq(t.accounts.domain, domain)),
        )
      ).n,

    spaces: (on: Reader) =>
      on
        .select({
          space: t.spaces,
          digestId: t.spaceDigestAuthenticationConfigurations.id,
          realm: t.spaceDigestAuthenticationConfigurations.realm,
        })
        .from(t.spaces)
        .leftJoin(
          t.spaceDigestAuthenticationConfigurations,
          eq(t.spaceDigestAuthenticationConfigurations.spaceId, t.spaces.id),
        ),
    insertSpace: (tx: Tx, row: NewOf<'spaces'>) => only(tx.insert(t.spaces).values(row).returning({ id: t.spaces.id })),
    changeSpace: (tx: Tx, id: number, change: Partial<NewOf<'spaces'>>) =>
      tx.update(t.spaces).set(change).where(eq(t.spaces.id, id)),
    insertDigest: (tx: Tx, row: NewOf<'spaceDigestAuthenticationConfigurations'>) =>
      tx.insert(t.spaceDigestAuthenticationConfigurations).values(row),
    insertEmailServer: (tx: Tx, row: NewOf<'spaceEmailServers'>) => tx.insert(t.spaceEmailServers).values(row),
    insertCarddavServer: (tx: Tx, row: NewOf<'spaceCarddavServers'>) => tx.insert(t.spaceCarddavServers).values(row),
    lists: (on: Reader) =>
      on
        .select({ id: t.contactsLists.id, spaceId: t.contactsLists.spaceId, title: t.contactsLists.title })
        .from(t.contactsLists),
    insertList: (tx: Tx, row: NewOf<'contactsLists'>) => tx.insert(t.contactsLists).values(row),
    types: (on: Reader) =>
      on
        .select({ id: t.accountTypes.id, spaceId: t.accountTypes.spaceId, key: t.accountTypes.key })
        .from(t.accountTypes),
    insertType: (tx: Tx, row: NewOf<'accountTypes'>) => tx.insert(t.accountTypes).values(row),
    /** How many were closed. */
    openCountry: (tx: Tx, code: string, at: Date) =>
      tx
        .update(t.phoneCountries)
        .set({ activated: true, updatedAt: at })
        .where(and(eq(t.phoneCountries.code, code), eq(t.phoneCountries.activated, false)))
        .returning({ code: t.phoneCountries.code }),
    countries: (on: Reader) =>
      on.select({ code: t.phoneCountries.code, activated: t.phoneCountries.activated }).from(t.phoneCountries),
  }
}

export type MovingInStore = ReturnType<typeof movingInStore>
