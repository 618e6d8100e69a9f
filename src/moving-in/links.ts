import type { Tx } from '../db/db.ts'
import { parseAddressOfRecord } from '../protocols/sip-address.ts'
import type { IdMap } from './ids.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { MovingInStore } from './store.ts'
import { flagIn, numberIn, type Row, stampsIn, textIn, wordIn } from './values.ts'

const TYPES: Readonly<Record<string, 'always' | 'no_answer' | 'busy'>> = {
  always: 'always',
  // As it was called until July 2026.
  away: 'no_answer',
  no_answer: 'no_answer',
  busy: 'busy',
}
const TARGETS = ['sip_uri', 'contact', 'voicemail'] as const

/** What leads from one account to another: moved when all are there. */
export const movingLinks = (deps: {
  source: Source
  store: MovingInStore
  report: Report
  ids: IdMap
  lists: ReadonlyMap<number, number>
  newLists: ReadonlySet<number>
  now: Date
}) => {
  const { source, store, report, ids, lists, newLists, now } = deps

  /** Rows of accounts that are new here. */
  const ofNewOnes = (table: string, rows: readonly Row[]) => {
    const count = report.of(table)
    count.read += rows.length
    return rows.flatMap((row) => {
      const account = ids.get(numberIn(row, 'account_id'))
      if (account === null) count.left += 1
      else if (!account.isNew) count.there += 1
      else return { row, account, contact: ids.get(numberIn(row, 'contact_id')) }
      return []
    })
  }

  const contacts = async (tx: Tx, first: number, last: number): Promise<void> => {
    const rows = await source.between('contacts', 'account_id', first, last, 'account_id')
    const coming = ofNewOnes('contacts', rows).flatMap(({ row, account, contact }) => {
      if (contact !== null) return { accountId: account.id, contactId: contact.id, ...stampsIn(row, now) }
      report.lost('contacts', `account ${row.account_id}, contact ${row.contact_id}`, 'the contact does not come')
      return []
    })
    report.of('contacts').written += (await store.contacts(tx, coming)).length
  }

  const forwardings = async (tx: Tx, first: number, last: number): Promise<void> => {
    const table = 'call_forwardings'
    const rows = await source.between(table, 'account_id', first, last, 'id')
    const coming = ofNewOnes(table, rows).flatMap(({ row, account, contact }) => {
      const name = `account ${row.account_id}, ${textIn(row, 'type')}`
      const type = TYPES[textIn(row, 'type') ?? '']
      const forwardTo = TARGETS.find((known) => known === row.forward_to)
      const sipUri = wordIn(row, 'sip_uri')
      if (type === undefined || forwardTo === undefined) report.lost(table, name, 'nobody knows what it means')
      else if (forwardTo === 'contact' && contact === null) report.lost(table, name, 'the contact does not come')
      else if (forwardTo === 'sip_uri' && parseAddressOfRecord(sipUri ?? '') === null)
        report.lost(table, name, 'it leads to no SIP address')
      else {
        const to = { forwardTo, sipUri, contactId: contact?.id ?? null }
        return { accountId: account.id, type, ...to, enabled: flagIn(row, 'enabled', false), ...stampsIn(row, now) }
      }
      return []
    })
    const stored = await store.forwardings(tx, coming)
    report.of(table).written += stored.length
    if (stored.length < coming.length) {
      report.lost(table, `accounts ${first} to ${last}`, 'an account has two rules for calls that nobody answers')
    }
  }

  const members = async (tx: Tx, first: number, last: number): Promise<void> => {
    const table = 'contacts_list_contact'
    const count = report.of(table)
    const rows = await source.between(table, 'contact_id', first, last, 'contact_id')
    count.read += rows.length
    const coming = rows.flatMap((row) => {
      const contact = ids.get(numberIn(row, 'contact_id'))
      const contactsListId = lists.get(Number(row.contacts_list_id))
      if (contact === null || contactsListId === undefined) count.left += 1
      else if (!contact.isNew && !newLists.has(contactsListId)) count.there += 1
      else return { contactsListId, contactId: contact.id, ...stampsIn(row, now) }
      return []
    })
    count.written += (await store.listContacts(tx, coming)).length
  }

  return {
    /** `ranges`: of ids of accounts, some hundred each. */
    move: async (tx: Tx, ranges: readonly (readonly [first: number, last: number])[]): Promise<void> => {
      for (const [first, last] of ranges) {
        for (const one of [contacts, forwardings, members]) await one(tx, first, last)
      }
    },
  }
}
