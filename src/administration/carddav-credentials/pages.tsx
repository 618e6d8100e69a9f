import { Elysia } from 'elysia'
import {
  CarddavCredentialOnPage,
  type CarddavCredentials,
} from '../../address-books/carddav-credentials/carddav-credentials.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { refuseStale } from '../../http/version.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import { pathOf } from '../account/head.tsx'
import type { Administered, AdministrationScope } from '../scope/scope.ts'
import { credentialPage, factsOf, newCredentialPage, removeCredentialPage } from './credential-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly carddavCredentials: CarddavCredentials
}

const serverIdOf = (text: string): number => idOf(text, 'carddav.unknown')

/** What an account signs in to address books with (behaviour/panel.md §7.5). */
export const carddavCredentialPages = ({ auth, pages, scope, carddavCredentials }: Deps) => {
  /** The servers that the account has no credentials for. */
  const adding = async ({ account, space, visit }: Administered) => {
    const has = await carddavCredentials.list(visit, account.id)
    const isMissing = (id: number) => !has.some(({ spaceCarddavServerId }) => spaceCarddavServerId === id)
    return { account, servers: space.carddavServers.filter(({ id }) => isMissing(id)) }
  }
  const having = async ({ account, space, visit }: Administered, serverId: number) => {
    const credential = await carddavCredentials.ofServer(visit, account.id, serverId)
    const server = space.carddavServers.find(({ id }) => id === serverId)
    if (server === undefined) throw new AppError('not_found', 'carddav.unknown')
    return { account, server, credential }
  }

  return new Elysia({ prefix: '/admin/accounts/:id/carddavs' })
    .use(auth)
    .use(pages)
    .get(
      '/create',
      async ({ visit, caller, params, form, go }) => {
        const facts = await adding(await scope.account(visit, caller, params.id))
        return facts.servers.length === 0 ? go(pathOf(facts.account)) : form(newCredentialPage, facts)
      },
      { signedIn: 'admin' },
    )
    .post(
      '/',
      async ({ visit, caller, params, input, form, go }) => {
        const found = await scope.account(visit, caller, params.id)
        return form(
          newCredentialPage,
          () => adding(found),
          async () => {
            const wanted = read(CarddavCredentialOnPage, input)
            // Whoever was quicker is not overwritten.
            await carddavCredentials.set(
              found.visit,
              found.account.id,
              serverIdOf(textOf(input.carddav_id)),
              wanted,
              (before) => {
                if (before !== null) throw new AppError('conflict', 'account.changed_meanwhile')
              },
            )
            return go(pathOf(found.account), { flash: 'flash.credential_saved' })
          },
        )
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:carddav_id/edit',
      async ({ visit, caller, params, form }) => {
        const found = await scope.account(visit, caller, params.id)
        return form(credentialPage, await having(found, serverIdOf(params.carddav_id)))
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:carddav_id',
      async ({ visit, caller, params, input, form, go }) => {
        const found = await scope.account(visit, caller, params.id)
        const serverId = serverIdOf(params.carddav_id)
        return form(
          credentialPage,
          () => having(found, serverId),
          async () => {
            const wanted = read(CarddavCredentialOnPage, input)
            await carddavCredentials.set(found.visit, found.account.id, serverId, wanted, (before) =>
              refuseStale(input.version, factsOf(before)),
            )
            return go(pathOf(found.account), { flash: 'flash.credential_saved' })
          },
        )
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:carddav_id/delete',
      async ({ visit, caller, params, form }) => {
        const found = await scope.account(visit, caller, params.id)
        return form(removeCredentialPage, await having(found, serverIdOf(params.carddav_id)))
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:carddav_id/delete',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await carddavCredentials.remove(inside, account.id, serverIdOf(params.carddav_id))
        return go(pathOf(account), { flash: 'flash.credential_removed' })
      },
      { signedIn: 'admin' },
    )
}
