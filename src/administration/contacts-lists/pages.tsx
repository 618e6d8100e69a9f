import { Elysia } from 'elysia'
import type { Accounts, Sought } from '../../accounts/accounts/accounts.ts'
import type { Contacts } from '../../address-books/contacts/contacts.ts'
import { type ContactsList, type ContactsLists, WantedList } from '../../address-books/contacts-lists/contacts-lists.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { refuseStale } from '../../http/version.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { type Listing, listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import type { BulkAccounts } from '../accounts-list/bulk.ts'
import { PAGE_SIZE, pickedOf } from '../accounts-list/rules.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import { addPage } from './add-page.tsx'
import { deleteListPage, editListPage, factsOf, newListPage } from './list-form.tsx'
import { LISTS_A_PAGE, listsPage, SORTS } from './lists-page.tsx'
import { membersPage } from './members-page.tsx'
import { listPath, listsPath, type OneList } from './place.ts'
import { takeOutPage } from './take-out-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly bulk: BulkAccounts
  readonly contacts: Contacts
  readonly contactsLists: ContactsLists
}

const COMPARED: Record<(typeof SORTS)[number], (a: ContactsList, b: ContactsList) => number> = {
  title: (a, b) => a.title.localeCompare(b.title),
  contacts_count: (a, b) => a.contactsCount - b.contactsCount,
  updated_at: (a, b) => a.updatedAt.getTime() - b.updatedAt.getTime(),
}

/** In the order that the listing asks for, and only its page of them. */
const pageOf = (lists: readonly ContactsList[], { by, isDescending, page }: Listing): readonly ContactsList[] => {
  const sort = SORTS.find((one) => one === by) ?? 'title'
  const sorted = lists.toSorted((a, b) => COMPARED[sort](a, b) || a.id - b.id)
  const ordered = isDescending ? sorted.toReversed() : sorted
  return ordered.slice((page - 1) * LISTS_A_PAGE, page * LISTS_A_PAGE)
}

/** A form may leave out what an app must say. */
const wantedOf = (input: Members) => read(WantedList, { ...input, description: input.description ?? '' })

const soughtOf = ({ chosen }: Listing): Sought => ({
  search: chosen.search?.trim().slice(0, 64) || null,
  state: null,
  role: null,
  list: null,
  setUp: null,
})

type Where = { readonly space: string }

/** The contacts lists of a Space, what is in them, and what can be put into them. */
const enter = (scope: AdministrationScope, contactsLists: ContactsLists) => {
  const enterSpace = async (visit: Visit, caller: Caller, params: Where) => {
    const inside = await scope.space(visit, caller, params.space)
    return { visit: inside, space: inside.space, isOwn: inside.space.id === caller.space.id }
  }
  return {
    enterSpace,
    enterList: async (visit: Visit, caller: Caller, params: Where & { readonly contacts_list_id: string }) => {
      const of = await enterSpace(visit, caller, params)
      return { ...of, list: await contactsLists.one(of.space, idOf(params.contacts_list_id, 'list.unknown')) }
    },
  }
}

/** Contacts lists themselves (behaviour/panel.md §7.12). */
const listPages = ({ auth, pages, scope, contactsLists }: Deps) => {
  const { enterSpace, enterList } = enter(scope, contactsLists)
  return new Elysia({ prefix: '/admin/spaces/:space/contacts_lists' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller, params, input, show }) => {
        const of = await enterSpace(visit, caller, params)
        const listing = listingOf(input, { path: listsPath(of), sorts: SORTS })
        const lists = await contactsLists.all(of.space)
        return show(listsPage, { ...of, listing, lists: pageOf(lists, listing), total: lists.length })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/create',
      async ({ visit, caller, params, form }) => form(newListPage, await enterSpace(visit, caller, params)),
      {
        signedIn: 'admin',
      },
    )
    .post(
      '/',
      async ({ visit, caller, params, input, form, go }) => {
        const of = await enterSpace(visit, caller, params)
        return form(newListPage, of, async () => {
          const list = await contactsLists.create(of.visit, wantedOf(input))
          return go(listPath({ ...of, list }), { flash: 'flash.list_created' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:contacts_list_id/edit',
      async ({ visit, caller, params, form }) => form(editListPage, await enterList(visit, caller, params)),
      { signedIn: 'admin' },
    )
    .post(
      '/:contacts_list_id',
      async ({ visit, caller, params, input, form, go }) => {
        const of = await enterList(visit, caller, params)
        return form(
          editListPage,
          () => enterList(visit, caller, params),
          async () => {
            await contactsLists.change(of.visit, of.list.id, wantedOf(input), (before) =>
              refuseStale(input.version, factsOf(before)),
            )
            return go(listPath(of), { flash: 'flash.list_saved' })
          },
        )
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:contacts_list_id/delete',
      async ({ visit, caller, params, form }) => form(deleteListPage, await enterList(visit, caller, params)),
      { signedIn: 'admin' },
    )
    .post(
      '/:contacts_list_id/delete',
      async ({ visit, caller, params, go }) => {
        const of = await enterList(visit, caller, params)
        await contactsLists.remove(of.visit, of.list.id)
        return go(listsPath(of), { flash: 'flash.list_deleted' })
      },
      { signedIn: 'admin' },
    )
}

/** Who is in a list (behaviour/panel.md §7.12). */
const memberPages = ({ auth, pages, scope, accounts, bulk, contacts, contactsLists }: Deps) => {
  const { enterList } = enter(scope, contactsLists)

  const searched = (input: Members, path: string) => listingOf(input, { path, sorts: ['name'], filters: ['search'] })
  const membersListing = (of: OneList, input: Members) => searched(input, listPath(of))
  const candidatesListing = (of: OneList, input: Members) => searched(input, listPath(of, '/contacts/add'))

  /** A page beyond the last is the last: those of the page that was turned to may just have gone. */
  const find = async (space: Space, asked: Listing, sought: Sought) => {
    const at = (page: number) =>
      accounts.list({ space }, { page, perPage: PAGE_SIZE, sought, by: 'name', isDescending: false })
    const found = await at(asked.page)
    const last = Math.max(1, Math.ceil(found.within / PAGE_SIZE))
    if (asked.page <= last) return { listing: asked, found }
    return { listing: { ...asked, page: last }, found: await at(last) }
  }

  return new Elysia({ prefix: '/admin/spaces/:space/contacts_lists/:contacts_list_id' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller, params, input, show }) => {
        const of = await enterList(visit, caller, params)
        const asked = membersListing(of, input)
        const shown = await find(of.space, asked, { ...soughtOf(asked), list: of.list.id })
        const isAll = asked.chosen.search === undefined && shown.found.total >= of.list.contactsCount
        const members = isAll || asked.chosen.search !== undefined ? [] : await contacts.membersOfList(of.list.id)
        return show(membersPage, { ...of, ...shown, moved: members.filter(({ domain }) => domain !== of.space.domain) })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/contacts/add',
      async ({ visit, caller, params, input, show }) => {
        const of = await enterList(visit, caller, params)
        const asked = candidatesListing(of, input)
        return show(addPage, { ...of, ...(await find(of.space, asked, { ...soughtOf(asked), outside: of.list.id })) })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/contacts',
      async ({ visit, caller, params, input, go }) => {
        const of = await enterList(visit, caller, params)
        const asked = candidatesListing(of, input)
        const back = asked.link({ page: asked.page })
        if (input.everything === '1') {
          const sought = { ...soughtOf(asked), outside: of.list.id }
          const { found } = await find(of.space, asked, sought)
          const { id: list, title: listTitle } = of.list
          const wanted = { action: 'list', chosen: { sought, domain: of.space.domain }, list, listTitle } as const
          return go(`/admin/tasks/${await bulk.start(visit, caller, wanted, found.isMore ? null : found.total)}`)
        }
        const ids = pickedOf(input)
        if (ids.length === 0) return go(back, { flash: 'flash.nobody_picked' })
        await contactsLists.addMembers(of.visit, of.list.id, ids)
        return go(back, { flash: 'flash.members_added' })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/contacts/delete',
      async ({ visit, caller, params, input, form, go }) => {
        const of = await enterList(visit, caller, params)
        const back = membersListing(of, input).link({})
        const ids = new Set(pickedOf(input))
        const members = ids.size === 0 ? [] : await contacts.membersOfList(of.list.id)
        const chosen = members.filter(({ id }) => ids.has(id))
        if (chosen.length === 0) return go(back, { flash: 'flash.nobody_picked' })
        return form(takeOutPage, { ...of, members: chosen, back })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/contacts/remove',
      async ({ visit, caller, params, input, go }) => {
        const of = await enterList(visit, caller, params)
        await contactsLists.removeMembers(of.visit, of.list.id, pickedOf(input))
        return go(listPath(of), { flash: 'flash.members_removed' })
      },
      { signedIn: 'admin' },
    )
}

/** Contacts lists and their members, for administrators. */
export const contactsListPages = (deps: Deps) => new Elysia().use(listPages(deps)).use(memberPages(deps))
