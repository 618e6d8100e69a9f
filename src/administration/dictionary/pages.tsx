import { Elysia } from 'elysia'
import type { Dictionary } from '../../accounts/dictionary/dictionary.ts'
import { type DictionaryEntries, WantedEntry } from '../../accounts/dictionary/entries.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { refuseStale } from '../../http/version.ts'
import type { Pages } from '../../panel/pages.ts'
import { pathOf } from '../account/head.tsx'
import type { AdministrationScope } from '../scope/scope.ts'
import { clearPage, entryPage, newEntryPage, removeEntryPage } from './entry-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly dictionary: Dictionary
  readonly dictionaryEntries: DictionaryEntries
}

/** What an app keeps with an account (behaviour/panel.md §7.5). */
export const dictionaryPages = ({ auth, pages, scope, dictionary, dictionaryEntries }: Deps) =>
  new Elysia({ prefix: '/admin/accounts/:id/dictionary' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller, params, go }) => go(pathOf((await scope.account(visit, caller, params.id)).account)),
      {
        signedIn: 'admin',
      },
    )
    .get(
      '/create',
      async ({ visit, caller, params, form }) => form(newEntryPage, await scope.account(visit, caller, params.id)),
      { signedIn: 'admin' },
    )
    .post(
      '/',
      async ({ visit, caller, params, input, form, go }) => {
        const found = await scope.account(visit, caller, params.id)
        return form(newEntryPage, found, async () => {
          // What is there is replaced, whoever put it there.
          await dictionaryEntries.write(found.visit, found.account.id, read(WantedEntry, input), () => {})
          return go(pathOf(found.account), { flash: 'flash.entry_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/clear',
      async ({ visit, caller, params, form }) =>
        form(clearPage, (await scope.account(visit, caller, params.id)).account),
      { signedIn: 'admin' },
    )
    .post(
      '/clear',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await dictionaryEntries.remove(inside, account.id)
        return go(pathOf(account), { flash: 'flash.dictionary_cleared' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:key/edit',
      async ({ visit, caller, params: { id, key }, form }) => {
        const { account } = await scope.account(visit, caller, id)
        return form(entryPage, { account, key, value: await dictionary.one(account.id, key) })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:key/edit',
      async ({ visit, caller, params: { id, key }, input, form, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, id)
        const facts = async () => ({ account, key, value: await dictionary.one(account.id, key) })
        return form(entryPage, facts, async () => {
          await dictionaryEntries.write(inside, account.id, read(WantedEntry, { ...input, key }), (before) =>
            refuseStale(input.version, before),
          )
          return go(pathOf(account), { flash: 'flash.entry_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:key/delete',
      async ({ visit, caller, params: { id, key }, form }) => {
        const { account } = await scope.account(visit, caller, id)
        return form(removeEntryPage, { account, key, value: await dictionary.one(account.id, key) })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:key/delete',
      async ({ visit, caller, params: { id, key }, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, id)
        await dictionaryEntries.remove(inside, account.id, key)
        return go(pathOf(account), { flash: 'flash.entry_removed' })
      },
      { signedIn: 'admin' },
    )
