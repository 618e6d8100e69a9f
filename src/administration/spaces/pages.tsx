import { Elysia } from 'elysia'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { form as formOf, optional, read, text } from '../../http/input.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Space } from '../../nouns/space.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { type Listing, listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import type { SignIn } from '../../self-service/sign-in/sign-in.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import type { SpacesFigures } from '../../spaces/spaces/figures.ts'
import { NewSpace } from '../../spaces/spaces/rules.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import { SPACES_PATH, spacePath } from '../space/head.tsx'
import { createSpacePage } from './create-page.tsx'
import { deleteSpacePage } from './delete-page.tsx'
import { type ListedSpace, spacesPage } from './spaces-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly passwords: Passwords
  readonly signIn: SignIn
  readonly spaceAdministration: SpaceAdministration
  readonly spaceFigures: SpacesFigures
  readonly config: Config
  readonly now: () => Date
}

const PAGE_SIZE = 20
const CurrentPassword = formOf({ current_password: optional(text({ numbers: true })) })

/** Spaces that never end come last. */
const NEVER = Number.POSITIVE_INFINITY

const ORDERS: Readonly<Record<string, (space: ListedSpace) => string | number>> = {
  host: ({ host }) => host,
  name: ({ name }) => name.toLowerCase(),
  domain: ({ domain }) => domain,
  accounts: ({ accounts }) => accounts,
  administrators: ({ administrators }) => administrators,
  expires: ({ expireAt }) => expireAt?.getTime() ?? NEVER,
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)

const sorted = (spaces: readonly ListedSpace[], { by, isDescending }: Listing): readonly ListedSpace[] => {
  const keyOf = ORDERS[by] ?? (({ host }: ListedSpace) => host)
  const up = spaces.toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  return isDescending ? up.toReversed() : up
}

const mentions = (space: ListedSpace, search: string): boolean =>
  [space.name, space.domain, space.host].some((part) => part.toLowerCase().includes(search))

/** All Spaces, for super administrators (behaviour/panel.md §7.16). */
export const spacesPages = (deps: Deps) => {
  const { auth, pages, scope, passwords, signIn, spaceAdministration, spaceFigures, config, now } = deps
  const root = config.APP_ROOT_HOST

  const asking = async (space: Space, session: Session) => ({
    space,
    at: String(space.id),
    isSuper: true,
    belongings: await spaceAdministration.belongings(space),
    asksForCurrent: !signIn.isRecent(session),
  })

  /** Whoever signed in long ago proves once more who they are. */
  const proveAgain = async (visit: Visit, caller: Caller, session: Session, input: Members) => {
    if (signIn.isRecent(session)) return
    await passwords.prove(visit, caller, read(CurrentPassword, input), 'current_password')
  }

  /** The Space that the address names, and the visit in it. Nobody deletes their own. */
  const leaving = async (visit: Visit, caller: Caller, at: string) => {
    const inside = await scope.space(visit, caller, at)
    if (inside.space.id === caller.space.id) throw new AppError('forbidden', 'space.own')
    return inside
  }

  const making = (session: Session) => ({ root, asksForCurrent: !signIn.isRecent(session) })

  /** The host of the form is what stands before that of the instance; empty: that itself. */
  const hostOf = (input: Members): string => {
    const label = textOf(input.host).replace(/\.+$/, '')
    return label === '' ? root : label.endsWith(`.${root}`) || label === root ? label : `${label}.${root}`
  }

  return new Elysia({ prefix: SPACES_PATH })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ input, show }) => {
        const listing = listingOf(input, { path: SPACES_PATH, sorts: Object.keys(ORDERS), filters: ['search'] })
        const figures = await spaceFigures.all()
        const all = (await spaceAdministration.list()).map((space) => ({ ...space, ...figures.of(space.domain) }))
        const search = (listing.chosen.search ?? '').trim().toLowerCase()
        const found = sorted(
          all.filter((space) => mentions(space, search)),
          listing,
        )
        const last = Math.max(1, Math.ceil(found.length / PAGE_SIZE))
        const from = (Math.min(listing.page, last) - 1) * PAGE_SIZE
        const spaces = found.slice(from, from + PAGE_SIZE)
        return show(spacesPage, { listing, spaces, total: found.length, size: PAGE_SIZE, now: now() })
      },
      { signedIn: 'super' },
    )
    .get('/create', ({ session, form }) => form(createSpacePage, making(session)), { signedIn: 'super' })
    .post(
      '/',
      async ({ visit, caller, session, input, form, go }) =>
        form(createSpacePage, making(session), async () => {
          if (input.super === '1') await proveAgain(visit, caller, session, input)
          const { name, domain, super: asSuper, account_realm, account_default_password_algorithm } = input
          const wanted = { name, domain, super: asSuper ?? '0', account_realm, account_default_password_algorithm }
          const space = await spaceAdministration.create(visit, read(NewSpace, { ...wanted, host: hostOf(input) }))
          const first = `/admin/accounts/create?admin=1&domain=${encodeURIComponent(space.domain)}`
          const next = input.administrator === '1' ? first : spacePath(String(space.id))
          return go(next, { flash: 'flash.space_created' })
        }),
      { signedIn: 'super' },
    )
    .get(
      '/delete/:space',
      async ({ visit, caller, session, params, form, go }) => {
        const { space } = await leaving(visit, caller, params.space)
        return space.purgeAt === null
          ? form(deleteSpacePage, () => asking(space, session))
          : go(spacePath(String(space.id)))
      },
      { signedIn: 'super' },
    )
    .post(
      '/delete/:space',
      async ({ visit, caller, session, params, input, form, go }) => {
        const inside = await leaving(visit, caller, params.space)
        const { space } = inside
        return form(
          deleteSpacePage,
          () => asking(space, session),
          async () => {
            if (textOf(input.domain).trim() !== space.domain) throw invalid('domain', 'v.type_to_confirm')
            await proveAgain(visit, caller, session, input)
            await spaceAdministration.close(inside, caller, space.domain)
            return go(spacePath(String(space.id)), { flash: 'flash.space_closed' })
          },
        )
      },
      { signedIn: 'super' },
    )
    .post(
      '/:space/reopen',
      async ({ visit, caller, params, go }) => {
        const inside = await scope.space(visit, caller, params.space)
        await spaceAdministration.reopen(inside, inside.space.domain)
        return go(spacePath(params.space), { flash: 'flash.space_reopened' })
      },
      { signedIn: 'super' },
    )
}
