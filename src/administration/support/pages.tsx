import { Elysia } from 'elysia'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { ContactDetails } from '../../self-service/contact-details/contact-details.ts'
import type { PasswordResets } from '../../self-service/password-resets/password-resets.ts'
import type { Device, Devices } from '../../telephony/devices/devices.ts'
import { pathOf } from '../account/head.tsx'
import type { AdministrationScope } from '../scope/scope.ts'
import { devicePage } from './device-page.tsx'
import { mailPage, noAddressPage } from './mail-page.tsx'
import { renewPage } from './renew-page.tsx'
import { blockPage, switchOffPage } from './standing-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly contactDetails: ContactDetails
  readonly passwordResets: PasswordResets
  readonly devices: Devices
  readonly mail: { canSend(spaceId: number): Promise<boolean> }
  readonly config: Config
}

const kindOf = (kind: string): 'email' | 'phone' => {
  if (kind !== 'email' && kind !== 'phone') throw new AppError('not_found', 'errors.not_found')
  return kind
}

/** A phone that the registrar does not know, or cannot be asked about. */
const unknownDevice = (uuid: string): Device => ({
  uuid,
  updatedAt: new Date(0),
  userAgent: '',
  app: '',
  version: '',
  name: '',
})

/** What helps somebody whose phone does not ring (behaviour/panel.md §7.4). */
export const supportPages = (deps: Deps) => {
  const { auth, pages, scope, accounts, contactDetails, passwordResets, devices, mail, config } = deps

  const lifetimes = {
    provisioning: config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES,
    reset_password: config.APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES,
  }
  const mailing = async (visit: Visit, account: AccountView, kind: keyof typeof lifetimes) => ({
    account,
    kind,
    canMail: await mail.canSend(visit.space.id),
    minutes: lifetimes[kind],
  })

  return new Elysia({ prefix: '/admin/accounts/:id' })
    .use(auth)
    .use(pages)
    .get(
      '/provision',
      async ({ visit, caller, params, form }) =>
        form(renewPage, (await scope.account(visit, caller, params.id)).account),
      { signedIn: 'admin' },
    )
    .post(
      '/provision',
      async ({ visit, caller, params, go }) => {
        const { account, space, visit: inside } = await scope.account(visit, caller, params.id)
        await accounts.issueToken(inside, space, account.id)
        return go(pathOf(account), { flash: 'flash.provisioned' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/provisioning_email/create',
      async ({ visit, caller, params, form, show }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        if (account.email === null) return show(noAddressPage, account)
        return form(mailPage, await mailing(inside, account, 'provisioning'))
      },
      { signedIn: 'admin' },
    )
    .post(
      '/provisioning_email/send',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await accounts.sendProvisioning(inside, account.id)
        return go(pathOf(account), { flash: 'flash.set_up_mailed' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/reset_password_email/create',
      async ({ visit, caller, params, form, show }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        if (account.email === null) return show(noAddressPage, account)
        return form(mailPage, await mailing(inside, account, 'reset_password'))
      },
      { signedIn: 'admin' },
    )
    .post(
      '/reset_password_email/send',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await passwordResets.send(inside, account.id)
        return go(pathOf(account), { flash: 'flash.reset_mailed' })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/codes/:kind/send',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await contactDetails.sendAgain(inside, account.id, kindOf(params.kind))
        return go(pathOf(account), { flash: 'flash.code_sent' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/block',
      async ({ visit, caller, params, form }) =>
        form(blockPage, (await scope.account(visit, caller, params.id)).account),
      { signedIn: 'admin' },
    )
    .post(
      '/block',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await accounts.block(inside, account.id)
        return go(pathOf(account), { flash: 'flash.account_blocked' })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/unblock',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await accounts.unblock(inside, account.id)
        return go(pathOf(account), { flash: 'flash.account_unblocked' })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/activate',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await accounts.activate(inside, account.id)
        return go(pathOf(account), { flash: 'flash.account_activated' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/deactivate',
      async ({ visit, caller, params, form }) =>
        form(switchOffPage, (await scope.account(visit, caller, params.id)).account),
      { signedIn: 'admin' },
    )
    .post(
      '/deactivate',
      async ({ visit, caller, params, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        await accounts.deactivate(inside, account.id)
        return go(pathOf(account), { flash: 'flash.account_switched_off' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/devices/:uuid/delete',
      async ({ visit, caller, params, form }) => {
        const { account } = await scope.account(visit, caller, params.id)
        const device = (await devices.of(account)).get(params.uuid)
        if (device === undefined) throw new AppError('not_found', 'devices.unknown')
        return form(devicePage, { account, device })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/devices',
      async ({ visit, caller, params, input, form, go }) => {
        const { account, visit: inside } = await scope.account(visit, caller, params.id)
        const uuid = textOf(input.uuid)
        const facts = async () => ({
          account,
          device: (await devices.of(account)).get(uuid) ?? unknownDevice(uuid),
        })
        return form(devicePage, facts, async () => {
          const removal = await devices.remove(inside, account, uuid)
          if (removal === 'gone' && devices.registrarState() !== 'there')
            throw invalid('uuid', 'account_devices.not_removed')
          return go(pathOf(account), {
            flash: removal === 'soon' ? 'flash.devices_removed_soon' : 'flash.device_removed',
          })
        })
      },
      { signedIn: 'admin' },
    )
}
