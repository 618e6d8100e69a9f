import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import { type Contacts, WantedContact } from '../../address-books/contacts/contacts.ts'
import type { ContactsLists } from '../../address-books/contacts-lists/contacts-lists.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import { pathOf } from '../account/head.tsx'
import { PAGE_SIZE } from '../accounts-list/rules.ts'
import type { Administered, AdministrationScope } from '../scope/scope.ts'
import { addContactPage } from './add-page.tsx'
import { contactsPage } from './contacts-page.tsx'
import { detachPage, removeContactPage } from './remove-pages.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly contacts: Contacts
  readonly contactsLists: ContactsLists
}

const listIdOf = (value: unknown): number => idOf(textOf(value), 'list.unknown')

/** Whom the apps of an account show (behaviour/panel.md §7.13). */
export const accountContactsPages = ({ auth, pages, scope, accounts, contacts, contactsLists }: Deps) => {
  const bookOf = async (found: Administered, caller: Caller, input: Members) => {
    const { account, space } = found
    const listing = listingOf(input, { path: pathOf(account, '/contacts'), sorts: ['id'] })
    const [own, attached, all] = [
      await contacts.own(account.id),
      await contactsLists.ofAccount(account.id),
      await contactsLists.all(space),
    ]
    const has = new Set(attached.map(({ id }) => id))
    const shown = own.slice((listing.page - 1) * PAGE_SIZE, listing.page * PAGE_SIZE)
    const others = all.filter(({ id }) => !has.has(id))
    const isOwn = space.id === caller.space.id
    return { ...found, listing, contacts: shown, total: own.length, attached, others, isOwn }
  }

  const candidatesFor = async (found: Administered, input: Members) => {
    const { account, space } = found
    const path = pathOf(account, '/contacts/create')
    const listing = listingOf(input, { path, sorts: ['name'], filters: ['search'] })
    const search = listing.chosen.search?.trim().slice(0, 64) || null
    const sought = { search, state: null, role: null, list: null, setUp: null }
    const order = { by: 'name', isDescending: false } as const
    const page = await accounts.list({ space }, { page: listing.page, perPage: PAGE_SIZE, sought, ...order })
    const known = new Set((await contacts.own(account.id)).map(({ id }) => id))
    return { ...found, listing, found: page, known }
  }

  const contactOf = async (visit: Visit, caller: Caller, params: { id: string; contact_id: string }) => {
    const found = await scope.account(visit, caller, params.id)
    const id = idOf(params.contact_id, 'contact.unknown')
    const contact = (await contacts.own(found.account.id)).find((one) => one.id === id)
    if (contact === undefined) throw new AppError('not_found', 'contact.unknown')
    return { ...found, contact }
  }

  return new Elysia({ prefix: '/admin/accounts/:id' })
    .use(auth)
    .use(pages)
    .get(
      '/contacts',
      async ({ visit, caller, params, input, show }) =>
        show(contactsPage, await bookOf(await scope.account(visit, caller, params.id), caller, input)),
      { signedIn: 'admin' },
    )
    .get(
      '/contacts/create',
      async ({ visit, caller, params, input, form }) =>
        form(addContactPage, await candidatesFor(await scope.account(visit, caller, params.id), input)),
      { signedIn: 'admin' },
    )
    .post(
      '/contacts',
      async ({ visit, caller, params, input, form, go }) => {
        const found = await scope.account(visit, caller, params.id)
        return form(
          addContactPage,
          () => candidatesFor(found, input),
          async () => {
            await contacts.addBySip(found.visit, found.account.id, read(WantedContact, input))
            return go(pathOf(found.account, '/contacts'), { flash: 'flash.contact_added' })
          },
        )
      },
      { signedIn: 'admin' },
    )
    .get(
      '/contacts/:contact_id/delete',
      async ({ visit, caller, params, form }) => form(removeContactPage, await contactOf(visit, caller, params)),
      { signedIn: 'admin' },
    )
    .post(
      '/contacts/:contact_id/delete',
      async ({ visit, caller, params, go }) => {
        const { visit: inside, account, contact } = await contactOf(visit, caller, params)
        await contacts.remove(inside, account.id, contact.id)
        return go(pathOf(account, '/contacts'), { flash: 'flash.contact_removed' })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/contacts_lists',
      async ({ visit, caller, params, input, go }) => {
        const { visit: inside, account } = await scope.account(visit, caller, params.id)
        await contactsLists.attach(inside, account.id, listIdOf(input.contacts_list_id))
        return go(pathOf(account, '/contacts'), { flash: 'flash.list_attached' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/contacts_lists/detach',
      async ({ visit, caller, params, input, form, go }) => {
        const found = await scope.account(visit, caller, params.id)
        if (textOf(input.contacts_list_id) === '') return go(pathOf(found.account, '/contacts'))
        return form(detachPage, {
          ...found,
          list: await contactsLists.one(found.space, listIdOf(input.contacts_list_id)),
        })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/contacts_lists/detach',
      async ({ visit, caller, params, input, go }) => {
        const { visit: inside, account } = await scope.account(visit, caller, params.id)
        await contactsLists.detach(inside, account.id, listIdOf(input.contacts_list_id))
        return go(pathOf(account, '/contacts'), { flash: 'flash.list_detached' })
      },
      { signedIn: 'admin' },
    )
}
