import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, Found } from '../../accounts/accounts/accounts.ts'
import { AccountOnPage, NewAccountOnPage } from '../../accounts/accounts/rules.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { ProvisioningTokens } from '../../accounts/provisioning-tokens/provisioning-tokens.ts'
import type { Contacts } from '../../address-books/contacts/contacts.ts'
import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { form as formOf, optional, read, text } from '../../http/input.ts'
import { refuseStale } from '../../http/version.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Space } from '../../nouns/space.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { Provisioning } from '../../provisioning/provisioning/provisioning.ts'
import type { SignIn } from '../../self-service/sign-in/sign-in.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import type { CallForwardings } from '../../telephony/call-forwardings/call-forwardings.ts'
import type { Devices } from '../../telephony/devices/devices.ts'
import type { ExternalAccounts } from '../../telephony/external-accounts/external-accounts.ts'
import type { CallLog } from '../../telephony/statistics/call-log.ts'
import type { Voicemails } from '../../telephony/voicemails/voicemails.ts'
import { LIST_PATH } from '../accounts-list/rules.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import { accountPage, type Known } from './account-page.tsx'
import { CREATE, createPage, fullPage, type Making } from './create-page.tsx'
import { deletePage, type Leaving } from './delete-page.tsx'
import { type Editing, editPage, factsOf } from './edit-page.tsx'
import { codePath, pathOf } from './head.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly passwords: Passwords
  readonly signIn: SignIn
  readonly spaceAdministration: SpaceAdministration
  readonly provisioning: Provisioning
  readonly provisioningTokens: ProvisioningTokens
  readonly devices: Devices
  readonly voicemails: Voicemails
  readonly contacts: Contacts
  readonly callForwardings: CallForwardings
  readonly callLog: CallLog
  readonly externalAccounts: ExternalAccounts
  readonly sessions: Sessions
  readonly mail: { canSend(spaceId: number): Promise<boolean> }
  readonly config: Config
  readonly now: () => Date
}

const CurrentPassword = formOf({ current_password: optional(text({ numbers: true })) })

/** One's own account goes from one's own pages, which ask for the password. */
const refuseOwn = (caller: Caller, { account }: Found): void => {
  if (account.id === caller.id) throw new AppError('forbidden', 'account_delete.own')
}

/** A switch that is off is not sent. */
const withSwitches = (input: Members): Members => ({
  ...input,
  activated: input.activated ?? '0',
  blocked: input.blocked ?? '0',
})

/** One account, for those who administer it: made, looked at, changed, deleted (behaviour/panel.md §7.3). */
export const accountPages = (deps: Deps) => {
  const { auth, pages, scope, accounts, passwords, signIn, spaceAdministration, provisioning } = deps
  const {
    provisioningTokens,
    devices,
    callForwardings,
    voicemails,
    contacts,
    callLog,
    sessions,
    externalAccounts,
    mail,
    config,
    now,
  } = deps

  const least = config.ACCOUNT_PASSWORD_MIN_LENGTH

  /** The SIP domains that the caller can choose from: of Spaces that stay, and that of this one. */
  const domainsFor = async (caller: Caller, { domain: own }: Space): Promise<readonly string[]> =>
    mayActAs(caller, 'super')
      ? (await spaceAdministration.list())
          .filter(({ domain, purgeAt }) => purgeAt === null || domain === own)
          .map(({ domain }) => domain)
          .toSorted()
      : []

  /** Whoever gives or takes the right to administer proves once more who they are, if their sign-in is long ago. */
  const proveFor = async (changesRole: boolean, visit: Visit, caller: Caller, session: Session, input: Members) => {
    if (!changesRole || signIn.isRecent(session)) return
    await passwords.prove(visit, caller, read(CurrentPassword, input), 'current_password')
  }

  /** A password that is made here and never shown, where the form wants one; otherwise what was typed, if anything. */
  const secretOf = ({ makes_password: how }: Members): Members => {
    if (how !== '1') return {}
    const made = passwords.random()
    return { password: made, password_confirmation: made }
  }

  /** Where a new account shall live: as the form says, or its link. */
  const targetOf = (visit: Visit, caller: Caller, input: Members): Promise<Visit> =>
    scope.domain(visit, caller, textOf(input.domain) || caller.space.domain)

  const making = (visit: Visit, caller: Caller, session: Session, input: Members) => async (): Promise<Making> => {
    const { space } = await targetOf(visit, caller, input)
    return {
      space,
      domains: await domainsFor(caller, space),
      isFull: space.maxAccounts > 0 && (await accounts.count(space)) >= space.maxAccounts,
      canMail: await mail.canSend(space.id),
      least,
      asksForCurrent: !signIn.isRecent(session),
    }
  }

  const linkOf = (visit: Visit, { account }: Found): Known['link'] => {
    const { sealedProvisioningToken: sealed, provisioningTokenCreatedAt: createdAt } = account
    const token = provisioningTokens.reveal(sealed)
    const expiresAt = createdAt === null ? null : provisioningTokens.expiryOf(createdAt)
    const isAlive = token !== null && (expiresAt === null || expiresAt > now())
    return isAlive ? { url: provisioning.addressOf(visit, token).url, expiresAt } : null
  }

  const known = async (inside: Visit, { account, space }: Found, caller: Caller): Promise<Known> => {
    const found = await devices.of(account)
    const [call] = await callLog.newest(account, 1)
    const used = (await sessions.list(account.id)).map(({ lastUsedAt }) => lastUsedAt.getTime())
    return {
      account,
      space,
      isOwn: account.id === caller.id,
      canMail: await mail.canSend(space.id),
      seesSpaces: mayActAs(caller, 'super'),
      line: await externalAccounts.find(account.id),
      link: linkOf(inside, { account, space }),
      showsCode: false,
      rules: account.hasCallForwardings ? await callForwardings.list({ space, id: account.id }) : [],
      lastSetUp: await provisioning.lastSetUp(account.id),
      devices: [...found.values()].toReversed(),
      registrarState: devices.registrarState(),
      lastCallAt: call?.call.initiatedAt ?? null,
      lastSeenAt: used.length === 0 ? null : new Date(Math.max(...used)),
    }
  }

  const leaving = async ({ account, space }: Found): Promise<Leaving> => ({
    reservedDays: config.TOMBSTONES_RETENTION_DAYS,
    account,
    space,
    devices: (await devices.of(account)).size,
    voicemails: await voicemails.countRecordings(account.id),
    contacts: (await contacts.personal(space, account.id)).length,
  })

  return new Elysia({ prefix: '/admin/accounts' })
    .use(auth)
    .use(pages)
    .get(
      '/create',
      async ({ visit, caller, session, input, form, show }) => {
        const facts = await making(visit, caller, session, input)()
        // Whoever can choose among Spaces finds another one.
        return facts.isFull && facts.domains.length < 2 ? show(fullPage, facts.space) : form(createPage, facts)
      },
      { signedIn: 'admin' },
    )
    .post(
      '/',
      ({ visit, caller, session, input, form, go }) =>
        form(createPage, making(visit, caller, session, input), async () => {
          const target = await targetOf(visit, caller, input)
          await proveFor(input.admin === '1', visit, caller, session, input)
          const makes = target.space.digest === null ? { makes_password: '1' } : {}
          const wanted = read(NewAccountOnPage, { ...withSwitches(input), ...makes })
          const { account } = await accounts.createOnPage(target, wanted)
          const flash = wanted.values.mails === true ? 'flash.account_created_mailed' : 'flash.account_created'
          if (input.another !== '1') return go(pathOf(account), { flash })
          return go(`${CREATE}?another=1&domain=${encodeURIComponent(target.space.domain)}`, { flash })
        }),
      { signedIn: 'admin' },
    )
    .get(
      '/:id',
      async ({ visit, caller, params, input, show }) => {
        const found = await scope.account(visit, caller, params.id)
        return show(accountPage, { ...(await known(found.visit, found, caller)), showsCode: input.show === 'code' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:id/edit',
      async ({ visit, caller, session, params, form }) => {
        const { account, space } = await scope.account(visit, caller, params.id)
        return form(editPage, {
          account,
          space,
          domains: await domainsFor(caller, space),
          isOwn: account.id === caller.id,
          least,
          asksForCurrent: !signIn.isRecent(session),
        })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:id',
      async ({ visit, caller, session, params, input, form, go }) => {
        const { account, space, visit: inside } = await scope.account(visit, caller, params.id)
        const isOwn = account.id === caller.id
        const editing = async (): Promise<Editing> => ({
          ...(await scope.account(visit, caller, params.id)),
          domains: await domainsFor(caller, space),
          isOwn,
          least,
          asksForCurrent: !signIn.isRecent(session),
        })
        return form(editPage, editing, async () => {
          const changesRole = !isOwn && (input.admin === '1') !== account.admin
          await proveFor(changesRole, visit, caller, session, input)
          const kept = space.intercomFeatures ? {} : { dtmf_protocol: account.dtmfProtocol }
          const wanted = read(AccountOnPage, {
            ...(isOwn ? { ...input, admin: null, activated: null, blocked: null } : withSwitches(input)),
            ...(isOwn ? {} : secretOf(input)),
            ...kept,
          })
          if (input.makes_password === '0' && wanted.isMissing('password')) {
            wanted.refuse('password', { id: 'v.required' })
          }
          await accounts.changeOnPage(inside, caller, account.id, wanted, {
            refuseStale: (before) => refuseStale(input.version, factsOf(before)),
          })
          if (input.makes_password !== '1') return go(pathOf(account), { flash: 'flash.account_saved' })
          // Phones get that password with their next set-up alone.
          const after = await scope.account(visit, caller, params.id)
          await accounts.issueToken(after.visit, after.space, account.id)
          return go(codePath(account), { flash: 'flash.account_saved_code' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:id/delete',
      async ({ visit, caller, params, form }) => {
        const found = await scope.account(visit, caller, params.id)
        refuseOwn(caller, found)
        return form(deletePage, await leaving(found))
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:id/delete',
      async ({ visit, caller, params, input, form, go }) => {
        const found = await scope.account(visit, caller, params.id)
        refuseOwn(caller, found)
        return form(
          deletePage,
          () => leaving(found),
          async () => {
            if (textOf(input.username) !== found.account.username) throw invalid('username', 'v.type_to_confirm')
            const freesName = input.frees_name === '1'
            await accounts.remove(found.visit, found.space, found.account.id, { freesName })
            if (!freesName) return go(LIST_PATH, { flash: 'flash.account_deleted' })
            const next = new URLSearchParams({ username: found.account.username, domain: found.space.domain })
            return go(`${CREATE}?${next}`, { flash: 'flash.account_deleted_freed' })
          },
        )
      },
      { signedIn: 'admin' },
    )
}
