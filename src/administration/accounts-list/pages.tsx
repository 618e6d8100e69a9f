import { Elysia } from 'elysia'
import { type Accounts, SORTS } from '../../accounts/accounts/accounts.ts'
import type { ProvisioningTokens } from '../../accounts/provisioning-tokens/provisioning-tokens.ts'
import type { ContactsLists } from '../../address-books/contacts-lists/contacts-lists.ts'
import { invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { everySpace, type Scope, type Space } from '../../nouns/space.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import type { Provisioning } from '../../provisioning/provisioning/provisioning.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import { accountsPage } from './accounts-page.tsx'
import type { BulkAccounts, Chosen } from './bulk.ts'
import { bulkPage } from './bulk-page.tsx'
import {
  actionOf,
  among,
  EVERYWHERE,
  ID,
  LIST_PATH,
  listed,
  MOST_CARDS,
  PAGE_SIZE,
  pickedOf,
  soughtOf,
} from './rules.ts'
import { sheetPage } from './sheet-page.tsx'
import { sheetsOf } from './sheets.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly bulk: BulkAccounts
  readonly contactsLists: ContactsLists
  readonly spaceAdministration: SpaceAdministration
  readonly provisioning: Provisioning
  readonly provisioningTokens: ProvisioningTokens
}

/** Which accounts there are (behaviour/panel.md §7.2). */
export const accountsListPages = (deps: Deps) => {
  const { auth, pages, scope, accounts, bulk, contactsLists, spaceAdministration } = deps
  const sheets = sheetsOf(deps)

  /** Where is looked: in one Space, or, for a super administrator who wants that, in all of them. */
  const placeOf = async (visit: Visit, caller: Caller, { chosen }: Listing): Promise<Space | null> => {
    const { domain } = chosen
    if (domain === undefined || !mayActAs(caller, 'super')) return caller.space
    return domain === EVERYWHERE ? null : (await scope.domain(visit, caller, domain)).space
  }
  const scopeOf = (space: Space | null): Scope => (space === null ? everySpace('super administrator') : { space })

  const find = async (visit: Visit, caller: Caller, listing: Listing) => {
    const space = await placeOf(visit, caller, listing)
    const order = {
      by: among(SORTS, listing.by) ?? 'id',
      // The newest come first unless somebody asks otherwise.
      isDescending: listing.by === '-id' || listing.isDescending,
    }
    const sought = soughtOf(listing)
    const found = await accounts.list(scopeOf(space), { page: listing.page, perPage: PAGE_SIZE, sought, ...order })
    return { space, sought, found }
  }

  /** The accounts that a form of the list names. */
  const chosenBy = async (visit: Visit, caller: Caller, input: Members) => {
    const listing = listed(input)
    const back = listing.link({})
    if (input.everything !== '1') {
      const ids = pickedOf(input)
      const chosen: Chosen = { ids }
      return { chosen, count: ids.length, isMore: false, back, fields: { ...listing.chosen, accounts: ids.join(',') } }
    }
    const { space, sought, found } = await find(visit, caller, listing)
    const chosen: Chosen = { sought, domain: space?.domain ?? null }
    const { total: count, isMore } = found
    return { chosen, count, isMore, back, fields: { ...listing.chosen, everything: '1' } }
  }

  const listsOf = async (space: Space | null) => (space === null ? [] : contactsLists.all(space))

  return new Elysia({ prefix: LIST_PATH })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller, input, show }) => {
        const listing = listed(input)
        const { space, found } = await find(visit, caller, listing)
        const isSuper = mayActAs(caller, 'super')
        return show(accountsPage, {
          ...found,
          listing,
          max: space?.maxAccounts ?? null,
          isOneSpace: space !== null,
          lists: await listsOf(space),
          domains: isSuper ? (await spaceAdministration.list()).map(({ domain }) => domain).toSorted() : [],
          superDomain: isSuper ? caller.space.domain : null,
        })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/bulk',
      async ({ visit, caller, input, form, go }) => {
        const action = actionOf(input.action)
        const { count, isMore, fields, back } = await chosenBy(visit, caller, input)
        if (action === null || count === 0) return go(back, { flash: 'flash.none_picked' })
        if (action.action === 'sheet' && count > MOST_CARDS) return go(back, { flash: 'flash.too_many_cards' })
        const lists = action.action === 'list' ? await listsOf(await placeOf(visit, caller, listed(input))) : []
        return form(bulkPage, { action: action.action, count, isMore, fields, lists, back })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/bulk/start',
      async ({ visit, caller, input, go, show }) => {
        const action = actionOf(input.action)
        const { chosen, count, isMore, back } = await chosenBy(visit, caller, input)
        if (action === null || count === 0) return go(back, { flash: 'flash.none_picked' })
        if (action.action === 'sheet') return show(sheetPage, await sheets.make(visit, caller, chosen))
        const list = ID.test(textOf(input.to_list)) ? Number(textOf(input.to_list)) : null
        if (action.action === 'list' && list === null) throw invalid('to_list', 'v.required')
        const lists = list === null ? [] : await listsOf(await placeOf(visit, caller, listed(input)))
        const listTitle = lists.find(({ id }) => id === list)?.title
        const wanted = { action: action.action, chosen, list, listTitle }
        const task = await bulk.start(visit, caller, wanted, isMore ? null : count)
        return go(`/admin/tasks/${task}`)
      },
      { signedIn: 'admin' },
    )
}
