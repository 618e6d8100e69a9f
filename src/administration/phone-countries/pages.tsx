import { Elysia } from 'elysia'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import type { Auth } from '../../http/auth.ts'
import type { Language } from '../../messages/messages.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { type Listing, listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import { type CallingCode, COUNTRIES_PATH, countriesPage } from './countries-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly phoneCountries: PhoneCountries
}

const PAGE_SIZE = 50

type Country = Awaited<ReturnType<PhoneCountries['list']>>[number]

/** The countries of each calling code, by their names in that language. */
const grouped = (countries: readonly Country[], language: Language): readonly CallingCode[] => {
  const nameOf = new Intl.DisplayNames([language], { type: 'region' })
  const { compare } = new Intl.Collator(language)
  const byCode = Map.groupBy(countries, ({ countryCode }) => countryCode)
  return [...byCode].map(([callingCode, members]) => {
    const named = members
      .map(({ code }) => ({ code, name: nameOf.of(code) ?? code }))
      .toSorted((a, b) => compare(a.name, b.name))
    return {
      callingCode,
      codes: named.map(({ code }) => code),
      names: named.map(({ name }) => name),
      activated: members.some(({ activated }) => activated),
    }
  })
}

const listed = (input: Members): Listing =>
  listingOf(input, { path: COUNTRIES_PATH, sorts: ['name', 'code'], filters: ['search', 'state'] })

/** The list as it was when its form was sent. */
const whereOf = (input: Members): string => {
  const listing = listed(input)
  return listing.link({ page: listing.page })
}

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Whose phone numbers are accepted, for super administrators (behaviour/panel.md §7.20). */
export const phoneCountryPages = ({ auth, pages, phoneCountries }: Deps) => {
  const switchEvery = async (visit: Visit, activated: boolean) =>
    phoneCountries.switchAll(
      visit,
      (await phoneCountries.list()).map(({ code }) => code),
      activated,
    )

  return new Elysia({ prefix: COUNTRIES_PATH })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, input, show }) => {
        const listing = listed(input)
        const { search = '', state } = listing.chosen
        const sought = plain(search).replace(/^\+/, '').trim()
        const all = grouped(await phoneCountries.list(), visit.language)
        const matching = all.filter(
          ({ callingCode, codes, names, activated }) =>
            (state === undefined || (state === 'open') === activated) &&
            (callingCode.startsWith(sought) || [...codes, ...names].some((word) => plain(word).includes(sought))),
        )
        const { compare } = new Intl.Collator(visit.language, { numeric: true })
        const keyOf = ({ callingCode, names: [name = ''] }: CallingCode) => (listing.by === 'code' ? callingCode : name)
        const up = matching.toSorted((a, b) => compare(keyOf(a), keyOf(b)))
        const found = listing.isDescending ? up.toReversed() : up
        const from = (Math.min(listing.page, Math.max(1, Math.ceil(found.length / PAGE_SIZE))) - 1) * PAGE_SIZE
        return show(countriesPage, {
          listing,
          found: found.slice(from, from + PAGE_SIZE),
          total: found.length,
          size: PAGE_SIZE,
          open: all.filter(({ activated }) => activated).length,
        })
      },
      { signedIn: 'super' },
    )
    .post(
      '/activate_all',
      async ({ visit, go }) => {
        await switchEvery(visit, true)
        return go(COUNTRIES_PATH, { flash: 'flash.countries_open' })
      },
      { signedIn: 'super' },
    )
    .post(
      '/deactivate_all',
      async ({ visit, go }) => {
        await switchEvery(visit, false)
        return go(COUNTRIES_PATH, { flash: 'flash.countries_closed' })
      },
      { signedIn: 'super' },
    )
    .post(
      '/:code/activate',
      async ({ visit, params, input, go }) => {
        await phoneCountries.activate(visit, params.code)
        return go(whereOf(input), { flash: 'flash.country_open' })
      },
      { signedIn: 'super' },
    )
    .post(
      '/:code/deactivate',
      async ({ visit, params, input, go }) => {
        await phoneCountries.deactivate(visit, params.code)
        return go(whereOf(input), { flash: 'flash.country_closed' })
      },
      { signedIn: 'super' },
    )
}
