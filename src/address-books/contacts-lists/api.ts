import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { LARGE_BODY_BYTES } from '../../http/body.ts'
import { accepts, integer, read, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { answers, done, listOf, moment, record } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty, json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import { ContactSchema, type Contacts, contactWire } from '../contacts/contacts.ts'
import { type ContactsList, type ContactsLists, WantedList } from './contacts-lists.ts'

const ContactsListSchema = record('ContactsList', {
  id: integer(1),
  title: text(),
  description: text(),
  space_id: integer(1),
  contacts_count: integer(0),
  created_at: moment(),
  updated_at: moment(),
})

const listWire = (list: ContactsList) => ({
  id: list.id,
  title: list.title,
  description: list.description,
  space_id: list.spaceId,
  contacts_count: list.contactsCount,
  created_at: isoMoment(list.createdAt),
  updated_at: isoMoment(list.updatedAt),
})

/** Contacts lists (behaviour/address-books.md §4), for administrators. */
export const contactsListsApi = (deps: { auth: Auth; contacts: Contacts; contactsLists: ContactsLists }) => {
  const { auth, contacts, contactsLists } = deps
  const change = async ({ visit, params }: { visit: Visit; params: { id: string } }) =>
    json(listWire(await contactsLists.change(visit, idOf(params.id, 'list.unknown'), read(WantedList, visit.input))))
  const changing = {
    requires: { role: 'admin', body: LARGE_BODY_BYTES },
    detail: { summary: 'Change a contacts list', ...accepts(WantedList), ...answers(ContactsListSchema) },
  } as const
  return new Elysia({ prefix: '/api', tags: ['Contacts lists'] })
    .use(auth)
    .get('/contacts_lists', async ({ visit }) => json((await contactsLists.all(visit.space)).map(listWire)), {
      requires: 'admin',
      detail: { summary: 'List the contacts lists of the Space', ...answers(listOf(ContactsListSchema)) },
    })
    .post(
      '/contacts_lists',
      async ({ visit }) => json(listWire(await contactsLists.create(visit, read(WantedList, visit.input))), 201),
      {
        requires: { role: 'admin', body: LARGE_BODY_BYTES },
        detail: { summary: 'Create a contacts list', ...accepts(WantedList), ...answers(ContactsListSchema, 201) },
      },
    )
    .get(
      '/contacts_lists/:id',
      async ({ visit, params }) =>
        json(listWire(await contactsLists.one(visit.space, idOf(params.id, 'list.unknown')))),
      { requires: 'admin', detail: { summary: 'Read a contacts list', ...answers(ContactsListSchema) } },
    )
    .put('/contacts_lists/:id', ({ visit, params }) => change({ visit, params }), changing)
    .patch('/contacts_lists/:id', ({ visit, params }) => change({ visit, params }), changing)
    .delete(
      '/contacts_lists/:id',
      async ({ visit, params }) => {
        await contactsLists.remove(visit, idOf(params.id, 'list.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Delete a contacts list', ...answers(done()) } },
    )
    .get(
      '/contacts_lists/:id/contacts',
      async ({ visit, params }) => {
        const list = await contactsLists.one(visit.space, idOf(params.id, 'list.unknown'))
        return json((await contacts.membersOfList(list.id)).map(contactWire))
      },
      {
        requires: 'admin',
        detail: { summary: 'List the members of a contacts list', ...answers(listOf(ContactSchema)) },
      },
    )
    .post(
      '/contacts_lists/:id/contacts/:contact_id',
      async ({ visit, params }) => {
        await contactsLists.addMembers(visit, idOf(params.id, 'list.unknown'), [
          idOf(params.contact_id, 'contact.unknown'),
        ])
        return empty()
      },
      { requires: 'admin', detail: { summary: 'Add a member to a contacts list', ...answers(null) } },
    )
    .delete(
      '/contacts_lists/:id/contacts/:contact_id',
      async ({ visit, params }) => {
        await contactsLists.removeMembers(visit, idOf(params.id, 'list.unknown'), [
          idOf(params.contact_id, 'contact.unknown'),
        ])
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Take a member out of a contacts list', ...answers(done()) } },
    )
    .post(
      '/accounts/:id/contacts_lists/:contacts_list_id',
      async ({ visit, params }) => {
        await contactsLists.attach(visit, idOf(params.id), idOf(params.contacts_list_id, 'list.unknown'))
        return empty()
      },
      { requires: 'admin', detail: { summary: 'Give an account a contacts list', ...answers(null) } },
    )
    .delete(
      '/accounts/:id/contacts_lists/:contacts_list_id',
      async ({ visit, params }) => {
        await contactsLists.detach(visit, idOf(params.id), idOf(params.contacts_list_id, 'list.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Take a contacts list from an account', ...answers(done()) } },
    )
}
