import { Elysia } from 'elysia'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { refuseStale } from '../../http/version.ts'
import type { Pages } from '../../panel/pages.ts'
import { ExternalAccountForm, type ExternalAccounts } from '../../telephony/external-accounts/external-accounts.ts'
import { pathOf } from '../account/head.tsx'
import type { AdministrationScope } from '../scope/scope.ts'
import { externalPage, factsOf, removeExternalPage } from './external-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly externalAccounts: ExternalAccounts
}

/** The line of an account at a carrier (behaviour/panel.md §7.5). */
export const externalAccountPages = ({ auth, pages, scope, externalAccounts }: Deps) =>
  new Elysia({ prefix: '/admin/accounts/:id/external' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller, params, form }) => {
        const { account } = await scope.account(visit, caller, params.id)
        return form(externalPage, { account, line: await externalAccounts.find(account.id) })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/',
      async ({ visit, caller, params, input, form, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        const facts = async () => ({ account, line: await externalAccounts.find(account.id) })
        return form(externalPage, facts, async () => {
          await externalAccounts.set(inside, account.id, read(ExternalAccountForm, input), {
            refuseStale: (before) => refuseStale(input.version, factsOf(before)),
          })
          return go(pathOf(account), { flash: 'flash.external_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/delete',
      async ({ visit, caller, params, form }) => {
        const { account } = await scope.account(visit, caller, params.id)
        const line = await externalAccounts.find(account.id)
        if (line === null) throw new AppError('not_found', 'external.none')
        return form(removeExternalPage, { account, line })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/delete',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await externalAccounts.remove(inside, account.id)
        return go(pathOf(account), { flash: 'flash.external_removed' })
      },
      { signedIn: 'admin' },
    )
