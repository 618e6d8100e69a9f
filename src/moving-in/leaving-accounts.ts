import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tx } from '../db/db.ts'
import type { Files } from '../files/files.ts'
import type { Secrets } from '../secrets.ts'
import type { OutgoingRow } from './dump.ts'
import type { LeavingStore, Name, RowOf } from './leaving-store.ts'
import { type Leaving, type Put, stamps } from './their-columns.ts'

/** Our tables whose rows belong to an account. */
type OfAccount = {
  [N in Name]: RowOf<N> extends { readonly accountId: number | null } ? N : never
}[Name]

/** What belongs to accounts, some hundred of them at a time. */
export const leavingAccounts = (deps: {
  store: LeavingStore
  put: Put
  wishes: Leaving
  secrets: Secrets
  files: Files
}) => {
  const { store, put, wishes, secrets, files } = deps
  const { folder, onLoss, target } = wishes

  const bytes = async ({ uuid, name, storedAs }: RowOf<'voicemails'>): Promise<void> => {
    if (name === null || storedAs === null) return
    const file = folder === null ? null : await files.find(storedAs)
    if (folder === null || file === null) {
      const why = folder === null ? 'its bytes stay: --files takes them along' : 'its bytes are gone'
      return onLoss('account_files', uuid, why)
    }
    await mkdir(join(folder, 'files'), { recursive: true, mode: 0o750 })
    await Bun.write(join(folder, 'files', name), new Response(file.part(0, file.size)))
  }

  return async (tx: Tx, first: number, last: number, types: ReadonlyMap<number, number>): Promise<void> => {
    /** Rows of one table; those for which there is nothing to say are left out. */
    const move = async <N extends OfAccount>(name: N, table: string, row: (one: RowOf<N>) => OutgoingRow | null) => {
      type WithAccount = { accountId: never }
      const column = (ours: unknown) => (ours as WithAccount).accountId
      const found = await store.between(tx, name, column, first, last)
      await put(
        table,
        found.map(row).filter((one) => one !== null),
      )
    }

    await move('passwords', 'passwords', (one) => ({
      id: one.id,
      account_id: one.accountId,
      password: one.password,
      algorithm: one.algorithm,
    }))
    await move('contacts', 'contacts', (one) => ({
      account_id: one.accountId,
      contact_id: one.contactId,
      ...stamps(one),
    }))
    await move('accountDictionaryEntries', 'account_dictionary_entries', (one) => ({
      id: one.id,
      key: one.key,
      value: one.value,
      account_id: one.accountId,
      ...stamps(one),
    }))
    await move('externalAccounts', 'external_accounts', (one) => ({
      id: one.id,
      username: one.username,
      domain: one.domain,
      password: one.password,
      algorithm: one.algorithm,
      realm: one.realm,
      registrar: one.registrar,
      outbound_proxy: one.outboundProxy,
      protocol: one.protocol,
      account_id: one.accountId,
      ...stamps(one),
    }))
    await move('accountCarddavCredentials', 'account_carddav_credentials', (one) => ({
      username: one.username,
      password: one.password,
      realm: one.realm,
      algorithm: one.algorithm,
      space_carddav_server_id: one.spaceCarddavServerId,
      account_id: one.accountId,
      ...stamps(one),
    }))
    await move('vcardsStorage', 'vcards_storage', (one) => ({
      id: one.id,
      uuid: one.uuid,
      vcard: one.vcard,
      account_id: one.accountId,
      ...stamps(one),
    }))
    await move('accountActions', 'account_actions', (one) => ({
      id: one.id,
      account_id: one.accountId,
      key: one.key,
      code: one.code,
      ...stamps(one),
    }))
    // Of two Spaces' types of one name, one is there.
    const seen = new Set<string>()
    await move('accountAccountType', 'account_account_type', (one) => {
      const type = types.get(one.accountTypeId) ?? one.accountTypeId
      const pair = `${one.accountId} ${type}`
      if (seen.has(pair)) return null
      seen.add(pair)
      return { account_id: one.accountId, account_type_id: type, ...stamps(one) }
    })
    await move('accountContactsList', 'account_contacts_list', (one) => ({
      account_id: one.accountId,
      contacts_list_id: one.contactsListId,
      ...stamps(one),
    }))
    await move('provisioningTokens', 'provisioning_tokens', (one) => {
      const token = one.used ? null : secrets.reveal(one.sealed)
      if (token === null) return null
      const origin = { ip: one.ip, user_agent: one.userAgent }
      return { id: one.id, account_id: one.accountId, token, used: false, ...origin, ...stamps(one) }
    })
    if (target === '2026') {
      await move('callForwardings', 'call_forwardings', (one) => ({
        id: one.id,
        account_id: one.accountId,
        type: one.type,
        forward_to: one.forwardTo,
        sip_uri: one.sipUri,
        enabled: one.enabled,
        contact_id: one.contactId,
        ...stamps(one),
      }))
    }
    await move('voicemails', 'account_files', (one) => ({
      id: one.uuid,
      account_id: one.accountId,
      name: one.name,
      size: one.size,
      content_type: one.contentType,
      sip_from: one.sipFrom,
      uploaded_at: one.uploadedAt,
      sent_by_mail_at: one.mailedAt,
      ...stamps(one),
    }))
    const members = await store.between(tx, 'contactsListContact', (table) => table.contactId, first, last)
    await put(
      'contacts_list_contact',
      members.map((one) => ({ contacts_list_id: one.contactsListId, contact_id: one.contactId, ...stamps(one) })),
    )
    for (const one of await store.between(tx, 'voicemails', (table) => table.accountId, first, last)) await bytes(one)
  }
}
