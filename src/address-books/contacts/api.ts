import { Elysia } from 'elysia'
import type { AccountWire } from '../../accounts/accounts/wire.ts'
import { AccountSchema } from '../../accounts/accounts/wire.ts'
import type { Auth } from '../../http/auth.ts'
import { type LongReplies, piecesOf } from '../../http/long-replies.ts'
import { answers, done, listOf } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty, json, jsonText, vcards } from '../../http/respond.ts'
import type { Caller } from '../../nouns/caller.ts'
import { ContactSchema, type Contacts, contactWire } from './contacts.ts'

interface Deps {
  readonly auth: Auth
  readonly contacts: Contacts
  readonly longReplies: LongReplies
}

/**
 * An account's own address book (behaviour/address-books.md §2), and the personal contacts that administrators give it
 * (behaviour/address-books.md §3).
 */
export const contactsApi = ({ auth, contacts, longReplies, wire }: Deps & { readonly wire: AccountWire }) => {
  async function* book(caller: Caller): AsyncIterable<string> {
    yield* piecesOf(JSON.stringify((await contacts.addressBook(caller)).map(contactWire)))
  }
  return new Elysia({ prefix: '/api/accounts', tags: ['Contacts'] })
    .use(auth)
    .get('/me/contacts', ({ caller }) => longReplies.send(caller, book(caller), jsonText), {
      requires: 'account',
      detail: {
        summary: "List the caller's own address book",
        description: 'Personal contacts and the members of contacts lists.',
        ...answers(listOf(ContactSchema)),
      },
    })
    .get(
      '/me/contacts/:sip',
      async ({ caller, params }) => json(contactWire(await contacts.find(caller, params.sip))),
      {
        requires: 'account',
        detail: { summary: 'Read one contact of the caller', ...answers(ContactSchema) },
      },
    )
    .get(
      '/:id/contacts',
      async ({ visit, caller, params }) => {
        const personal = await contacts.personal(visit.space, idOf(params.id))
        const shown = wire.to(caller)
        return json(personal.map((account) => shown.listed(account, visit.space)))
      },
      {
        requires: 'admin',
        detail: { summary: 'List the personal contacts of an account', ...answers(listOf(AccountSchema)) },
      },
    )
    .get(
      '/:id/contacts/:contact_id',
      async ({ visit, caller, params }) => {
        const account = await contacts.onePersonal(
          visit.space,
          idOf(params.id),
          idOf(params.contact_id, 'contact.unknown'),
        )
        return json(wire.to(caller).listed(account, visit.space))
      },
      { requires: 'admin', detail: { summary: 'Read a personal contact of an account', ...answers(AccountSchema) } },
    )
    .post(
      '/:id/contacts/:contact_id',
      async ({ visit, params }) => {
        await contacts.add(visit, idOf(params.id), idOf(params.contact_id, 'contact.unknown'))
        return empty()
      },
      { requires: 'admin', detail: { summary: 'Add a personal contact to an account', ...answers(null) } },
    )
    .delete(
      '/:id/contacts/:contact_id',
      async ({ visit, params }) => {
        await contacts.remove(visit, idOf(params.id), idOf(params.contact_id, 'contact.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Remove a personal contact of an account', ...answers(done()) } },
    )
}

/** What provisioning sends phones to (behaviour/address-books.md §5). */
export const contactCardsApi = ({ auth, contacts, longReplies }: Deps) => {
  async function* cards(caller: Caller): AsyncIterable<string> {
    yield* piecesOf(await contacts.cards(caller))
  }
  return new Elysia({ prefix: '/contacts/vcard', tags: ['Contacts'] })
    .use(auth)
    .get('/', ({ caller }) => longReplies.send(caller, cards(caller), vcards), {
      requires: 'account',
      detail: { summary: "Read the caller's address book as vCards", ...answers('text/vcard') },
    })
    .get('/:sip', async ({ caller, params }) => vcards(await contacts.card(caller, params.sip)), {
      requires: 'account',
      detail: { summary: 'Read one contact as a vCard', ...answers('text/vcard') },
    })
}
