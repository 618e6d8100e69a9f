import { Elysia } from 'elysia'
import { type AccountTypes, WantedType } from '../../accounts/account-types/account-types.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { refuseStale } from '../../http/version.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import { type AccountActions, WantedAction } from '../../telephony/account-actions/account-actions.ts'
import { pathOf } from '../account/head.tsx'
import { type AdministrationScope, OWN_SPACE } from '../scope/scope.ts'
import { actionPage, attachPage, factsOf, nothingToAttachPage, removeActionPage } from './account-pages.tsx'
import { refuseWithoutIntercoms } from './switch.ts'
import { newTypePage, type OfSpace, removeTypePage, typePage, typesPage, typesPath } from './types-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accountTypes: AccountTypes
  readonly accountActions: AccountActions
}

const typeIdOf = (text: string): number => idOf(text, 'type.unknown')
const actionIdOf = (text: string): number => idOf(text, 'action.unknown')

const ofSpace = ({ space }: Visit, caller: Caller): OfSpace => ({
  space,
  isOwn: space.id === caller.space.id,
  isSuper: mayActAs(caller, 'super'),
})

/** The labels that accounts of a Space can have (behaviour/panel.md §7.6). */
export const accountTypePages = ({ auth, pages, scope, accountTypes }: Deps) => {
  /** The visit in the Space that the query or the form names, where intercoms are on. */
  const enter = async (visit: Visit, caller: Caller, input: Members): Promise<Visit> => {
    const inside = await scope.space(visit, caller, textOf(input.space) || OWN_SPACE)
    refuseWithoutIntercoms(inside.space)
    return inside
  }

  return new Elysia({ prefix: '/admin/accounts/types' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller, input, show }) => {
        const inside = await enter(visit, caller, input)
        return show(typesPage, { ...ofSpace(inside, caller), types: await accountTypes.all(inside.space) })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/create',
      async ({ visit, caller, input, form }) => form(newTypePage, ofSpace(await enter(visit, caller, input), caller)),
      { signedIn: 'admin' },
    )
    .post(
      '/',
      async ({ visit, caller, input, form, go }) => {
        const inside = await enter(visit, caller, input)
        const of = ofSpace(inside, caller)
        return form(newTypePage, of, async () => {
          await accountTypes.create(inside, read(WantedType, input))
          return go(typesPath(of), { flash: 'flash.type_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:type_id/edit',
      async ({ visit, caller, params, input, form }) => {
        const inside = await enter(visit, caller, input)
        const type = await accountTypes.one(inside.space, typeIdOf(params.type_id))
        return form(typePage, { ...ofSpace(inside, caller), type })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:type_id',
      async ({ visit, caller, params, input, form, go }) => {
        const inside = await enter(visit, caller, input)
        const id = typeIdOf(params.type_id)
        const of = ofSpace(inside, caller)
        const facts = async () => ({ ...of, type: await accountTypes.one(inside.space, id) })
        return form(typePage, facts, async () => {
          await accountTypes.change(inside, caller, id, read(WantedType, input), ({ key }) =>
            refuseStale(input.version, key),
          )
          return go(typesPath(of), { flash: 'flash.type_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:type_id/delete',
      async ({ visit, caller, params, input, form }) => {
        const inside = await enter(visit, caller, input)
        const type = await accountTypes.one(inside.space, typeIdOf(params.type_id))
        return form(removeTypePage, { ...ofSpace(inside, caller), type })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:type_id/delete',
      async ({ visit, caller, params, input, go }) => {
        const inside = await enter(visit, caller, input)
        await accountTypes.remove(inside, caller, typeIdOf(params.type_id))
        return go(typesPath(ofSpace(inside, caller)), { flash: 'flash.type_removed' })
      },
      { signedIn: 'admin' },
    )
}

/** What an intercom is and does: the types and actions of an account (behaviour/panel.md §7.6). */
export const intercomPages = ({ auth, pages, scope, accountTypes, accountActions }: Deps) => {
  const enter = async (visit: Visit, caller: Caller, id: string) => {
    const found = await scope.account(visit, caller, id)
    refuseWithoutIntercoms(found.space)
    return found
  }
  const attaching = async (visit: Visit, caller: Caller, id: string) => {
    const { account, space, visit: inside } = await enter(visit, caller, id)
    const has = new Set(account.types.map((type) => type.id))
    const types = (await accountTypes.all(space)).filter((type) => !has.has(type.id))
    return { account, of: ofSpace(inside, caller), types }
  }

  return new Elysia({ prefix: '/admin/accounts/:id' })
    .use(auth)
    .use(pages)
    .get(
      '/types/create',
      async ({ visit, caller, params, form, show }) => {
        const facts = await attaching(visit, caller, params.id)
        return facts.types.length === 0 ? show(nothingToAttachPage, facts) : form(attachPage, facts)
      },
      { signedIn: 'admin' },
    )
    .post(
      '/types',
      async ({ visit, caller, params, input, go }) => {
        const { account, visit: inside } = await enter(visit, caller, params.id)
        await accountTypes.attach(inside, account.id, typeIdOf(textOf(input.type_id)))
        return go(pathOf(account), { flash: 'flash.type_attached' })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/types/:type_id/delete',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await enter(visit, caller, params.id)
        await accountTypes.detach(inside, account.id, typeIdOf(params.type_id))
        return go(pathOf(account), { flash: 'flash.type_detached' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/actions/create',
      async ({ visit, caller, params, form, go }) => {
        const { account } = await enter(visit, caller, params.id)
        // Nobody could tell the intercom its code.
        if (account.dtmfProtocol === null) return go(pathOf(account, '/edit'), { flash: 'flash.choose_dtmf' })
        return form(actionPage, { account, action: null })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/actions',
      async ({ visit, caller, params, input, form, go }) => {
        const { account, visit: inside } = await enter(visit, caller, params.id)
        return form(actionPage, { account, action: null }, async () => {
          await accountActions.create(inside, account.id, read(WantedAction, input))
          return go(pathOf(account), { flash: 'flash.action_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/actions/:action_id/edit',
      async ({ visit, caller, params, form }) => {
        const { account, space } = await enter(visit, caller, params.id)
        const action = await accountActions.one(space, account.id, actionIdOf(params.action_id))
        return form(actionPage, { account, action })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/actions/:action_id',
      async ({ visit, caller, params, input, form, go }) => {
        const { account, space, visit: inside } = await enter(visit, caller, params.id)
        const id = actionIdOf(params.action_id)
        const facts = async () => ({ account, action: await accountActions.one(space, account.id, id) })
        return form(actionPage, facts, async () => {
          await accountActions.change(inside, account.id, id, read(WantedAction, input), (before) =>
            refuseStale(input.version, factsOf(before)),
          )
          return go(pathOf(account), { flash: 'flash.action_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/actions/:action_id/delete',
      async ({ visit, caller, params, form }) => {
        const { account, space } = await enter(visit, caller, params.id)
        const action = await accountActions.one(space, account.id, actionIdOf(params.action_id))
        return form(removeActionPage, { account, action })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/actions/:action_id/delete',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await enter(visit, caller, params.id)
        await accountActions.remove(inside, account.id, actionIdOf(params.action_id))
        return go(pathOf(account), { flash: 'flash.action_removed' })
      },
      { signedIn: 'admin' },
    )
}
