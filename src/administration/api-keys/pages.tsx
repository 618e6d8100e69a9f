import { type AnyElysia, Elysia } from 'elysia'
import type { NamedKey, NamedKeys } from '../../access/api-keys/named-keys.ts'
import { ChangedApiKey, NewApiKey } from '../../access/api-keys/rules.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { refuseStale } from '../../http/version.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import { type OwnAccount, Proven } from '../../self-service/own-account/own-account.ts'
import type { SignIn } from '../../self-service/sign-in/sign-in.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import { createKeyPage } from './create-page.tsx'
import { KEYS_A_PAGE, keysPage } from './keys-page.tsx'
import { keyMadePage } from './made-page.tsx'
import { renamedFrom, renameKeyPage } from './rename-page.tsx'
import { revokeKeyPage } from './revoke-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly namedKeys: NamedKeys
  readonly ownAccount: OwnAccount
  readonly signIn: SignIn
  readonly spaceAdministration: Pick<SpaceAdministration, 'list'>
  readonly now: () => Date
}

/** Where people have their own keys, and where administrators see all that they may end. */
const PLACES = { own: '/api_key/named', all: '/admin/api_keys' } as const

/** Keys with names at one of the two places: whoever makes one makes it for itself. */
const keyPagesAt = (deps: Deps, place: keyof typeof PLACES): AnyElysia => {
  const { auth, pages, namedKeys, ownAccount, signIn, spaceAdministration, now } = deps
  const path = PLACES[place]
  const signedIn = place === 'all' ? 'admin' : 'account'
  const ofOthers = place === 'all'

  const listed = async (caller: Caller, input: Readonly<Record<string, unknown>>) => {
    const isSuper = ofOthers && mayActAs(caller, 'super')
    const listing = listingOf(input, { path, sorts: ['id'], filters: isSuper ? ['domain'] : [] })
    const filter = { domain: listing.chosen.domain ?? null, accountId: ofOthers ? null : caller.id }
    const shown = { from: (listing.page - 1) * KEYS_A_PAGE, most: KEYS_A_PAGE }
    const domains = isSuper ? (await spaceAdministration.list()).map(({ domain }) => domain).toSorted() : []
    const seen = { path, ofOthers, callerId: caller.id, seesAll: !ofOthers || isSuper, domains, now: now() }
    return { ...(await namedKeys.list(caller, filter, shown)), ...seen, listing }
  }
  const making = (caller: Caller, session: Session) => async () => ({
    path,
    isAdministrator: mayActAs(caller, 'admin'),
    asksForCurrent: !signIn.isRecent(session) && (await ownAccount.view(caller)).algorithms.length > 0,
  })
  /** Among one's own there are no others, whatever somebody may. */
  const keyOf = async (caller: Caller, { id }: { readonly id: string }) => {
    const key = await namedKeys.find(caller, idOf(id, 'api_key.unknown'))
    if (!ofOthers && key.owner.id !== caller.id) throw new AppError('not_found', 'api_key.unknown')
    return { key, path }
  }

  return new Elysia({ prefix: path })
    .use(auth)
    .use(pages)
    .get('/', async ({ caller, input, show }) => show(keysPage, await listed(caller, input)), { signedIn })
    .get('/create', ({ caller, session, form }) => form(createKeyPage, making(caller, session)), { signedIn })
    .post(
      '/',
      ({ visit, caller, session, input, form, show }) =>
        form(createKeyPage, making(caller, session), async () => {
          if (!signIn.isRecent(session)) await ownAccount.prove(visit, caller, read(Proven, input))
          return show(keyMadePage, { ...(await namedKeys.create(visit, caller, read(NewApiKey, input))), path })
        }),
      { signedIn },
    )
    .get('/:id/edit', async ({ caller, params, form }) => form(renameKeyPage, await keyOf(caller, params)), {
      signedIn,
    })
    .post(
      '/:id',
      ({ visit, caller, params, input, form, go }) =>
        form(
          renameKeyPage,
          () => keyOf(caller, params),
          async () => {
            const { key } = await keyOf(caller, params)
            const wanted = read(ChangedApiKey, { name: textOf(input.name) })
            if (wanted.isMissing('name')) wanted.refuse('name', { id: 'v.required' })
            const check = (before: NamedKey) => refuseStale(input.version, renamedFrom(before))
            await namedKeys.change(visit, caller, key.id, wanted, check)
            return go(path, { flash: 'flash.key_renamed' })
          },
        ),
      { signedIn },
    )
    .get('/:id/delete', async ({ caller, params, form }) => form(revokeKeyPage, await keyOf(caller, params)), {
      signedIn,
    })
    .post(
      '/:id/delete',
      async ({ visit, caller, params, go }) => {
        const { key } = await keyOf(caller, params)
        await namedKeys.revoke(visit, caller, key.id)
        return go(path, { flash: 'flash.key_revoked' })
      },
      { signedIn },
    )
}

/** API keys of programs (behaviour/panel.md §4.12, behaviour/panel.md §7.14). */
export const namedKeyPages = (deps: Deps) => new Elysia().use(keyPagesAt(deps, 'own')).use(keyPagesAt(deps, 'all'))
