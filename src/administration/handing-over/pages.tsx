import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import { AccountOnPage } from '../../accounts/accounts/rules.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { refuseStale } from '../../http/version.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Members } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { Devices } from '../../telephony/devices/devices.ts'
import type { Voicemails } from '../../telephony/voicemails/voicemails.ts'
import { codePath } from '../account/head.tsx'
import type { Administered, AdministrationScope } from '../scope/scope.ts'
import { leavingPage } from './leaving-page.tsx'
import { lostPage } from './lost-page.tsx'
import { numberFactsOf, numberPage } from './number-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly passwords: Passwords
  readonly devices: Devices
  readonly voicemails: Voicemails
  readonly config: Config
}

/** A phone is lost, a number moves, somebody leaves (behaviour/panel.md §7.23). */
export const handingOverPages = (deps: Deps) => {
  const { auth, pages, scope, accounts, passwords, devices, voicemails, config } = deps

  /** With the account go a password that nobody knows, and the sessions: nobody does that to themselves. */
  const refuseOwn = (caller: Caller, { account }: Administered): void => {
    if (account.id === caller.id) throw new AppError('forbidden', 'account.own_phone')
  }

  /** Who stands in the way of the name that was asked for. */
  const holderOf = async ({ account, space }: Administered, input: Members) => {
    const wanted = textOf(input.username).trim().toLowerCase()
    if (wanted === '' || wanted === account.username) return null
    const listing = { page: 1, perPage: 20, by: 'id', isDescending: false } as const
    const sought = { search: wanted, state: null, role: null, list: null, setUp: null }
    const { accounts: found } = await accounts.list({ space }, { ...listing, sought })
    return found.find(({ username }) => username === wanted) ?? null
  }

  /** All of the account as it is, under another name and with a password that nobody ever sees. */
  const renamed = ({ account, space }: Administered, input: Members) => {
    const { email, phone, displayName, dtmfProtocol } = account
    const secret = space.digest === null ? null : passwords.random()
    return read(AccountOnPage, {
      username: textOf(input.username).trim() || null,
      email,
      phone,
      display_name: displayName,
      dtmf_protocol: dtmfProtocol,
      password: secret,
      password_confirmation: secret,
    })
  }

  return new Elysia({ prefix: '/admin/accounts/:id' })
    .use(auth)
    .use(pages)
    .get(
      '/lost_phone',
      async ({ visit, caller, params, form }) => {
        const found = await scope.account(visit, caller, params.id)
        refuseOwn(caller, found)
        return form(lostPage, { ...found, devices: [...(await devices.of(found.account)).values()].toReversed() })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/lost_phone',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await accounts.replacePhone(inside, account.id)
        return go(codePath(account), { flash: 'flash.phone_replaced' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/number',
      async ({ visit, caller, params, form }) => {
        const found = await scope.account(visit, caller, params.id)
        refuseOwn(caller, found)
        return form(numberPage, { ...found, holder: null })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/number',
      async ({ visit, caller, params, input, form, go }) => {
        const found = await scope.account(visit, caller, params.id)
        refuseOwn(caller, found)
        const { account, space, visit: inside } = found
        const facts = async () => ({ ...found, holder: await holderOf(found, input) })
        return form(numberPage, facts, async () => {
          if (textOf(input.username).trim() === account.username) throw invalid('username', 'account_number.same')
          await accounts.changeOnPage(inside, caller, account.id, renamed(found, input), {
            refuseStale: (before) => refuseStale(input.version, numberFactsOf(before)),
          })
          await accounts.issueToken(inside, space, account.id)
          return go(codePath(account), { flash: 'flash.number_changed' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/leaving',
      async ({ visit, caller, params, show }) => {
        const found = await scope.account(visit, caller, params.id)
        if (found.account.id === caller.id) throw new AppError('forbidden', 'account_delete.own')
        return show(leavingPage, {
          ...found,
          voicemails: await voicemails.countRecordings(found.account.id),
          reservedDays: config.TOMBSTONES_RETENTION_DAYS,
        })
      },
      { signedIn: 'admin' },
    )
}
