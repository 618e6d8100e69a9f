import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import { ChosenPassword } from '../../accounts/passwords/rules.ts'
import type { ProvisioningTokens } from '../../accounts/provisioning-tokens/provisioning-tokens.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { donePage } from '../../panel/done-page.tsx'
import { NOTHING_REFUSED } from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import { forgetFrame, texts } from '../../panel/layout.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import { languageCookie, type Pages } from '../../panel/pages.ts'
import { ownPath, redirect } from '../../panel/redirect.ts'
import type { Provisioning } from '../../provisioning/provisioning/provisioning.ts'
import type { Devices } from '../../telephony/devices/devices.ts'
import type { Recovery } from '../recovery/recovery.ts'
import { dashboardPage, type SetUpLink } from './dashboard-page.tsx'
import { deletePage } from './delete-page.tsx'
import { ChangedPassword, type OwnAccount, Proven } from './own-account.ts'
import { passwordPage } from './password-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly longReplies: LongReplies
  readonly ownAccount: OwnAccount
  readonly accounts: Accounts
  readonly devices: Devices
  readonly provisioning: Provisioning
  readonly provisioningTokens: ProvisioningTokens
  readonly recovery: Recovery
  readonly sessions: Sessions
  readonly navigation: Navigation
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
  readonly now: () => Date
}

const NEWEST_DEVICES = 3

/** A person's own account: where they start, its password, its data, its end (behaviour/panel.md §4). */
export const ownAccountPages = (deps: Deps) => {
  const { auth, pages, ownAccount, accounts, devices, provisioning, provisioningTokens, recovery } = deps
  const { sessions, navigation, longReplies, config, now } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  /** The download of everything, as JSON. */
  async function* exported(visit: Visit, caller: Caller): AsyncIterable<string> {
    const begun = JSON.stringify({ ...(await ownAccount.export(visit, caller)), vcards: [] }, null, 2)
    let before = `${begun.slice(0, -']\n}'.length)}\n`
    for await (const cards of ownAccount.exportedCards(caller)) {
      for (const { uuid, vcard } of cards) {
        yield `${before}    ${JSON.stringify({ uuid, vcard })}`
        before = ',\n'
      }
    }
    yield before === ',\n' ? '\n  ]\n}' : begun
  }

  /** The newest link that sets a phone up, while it can be used. */
  const linkOf = (visit: Visit, account: AccountView): SetUpLink | null => {
    const { sealedProvisioningToken: sealed, provisioningTokenCreatedAt: createdAt } = account
    const token = provisioningTokens.reveal(sealed)
    const expiresAt = createdAt === null ? null : provisioningTokens.expiryOf(createdAt)
    const isAlive = token !== null && (expiresAt === null || expiresAt > now())
    return isAlive ? { ...provisioning.addressOf(visit, token), expiresAt } : null
  }

  const dashboard = async (visit: Visit, caller: Caller): Promise<Response> => {
    const account = await ownAccount.view(caller)
    const known = await devices.of(caller)
    return dashboardPage(visit, config, {
      account,
      hasPhone: navigation.isOn(visit.space, '/phone/change'),
      link: linkOf(visit, account),
      wasSetUp: await provisioning.wasSetUp(account.id),
      devices: [...known.values()].toReversed().slice(0, NEWEST_DEVICES),
      registrarState: devices.registrarState(),
    })
  }

  const passwordForm = async (
    request: Request,
    visit: Visit,
    caller: Caller,
    session: Session,
    refused = NOTHING_REFUSED,
  ): Promise<Response> => {
    const isRecovery = session.kind === 'recovery'
    const asksForCurrent = !isRecovery && (await ownAccount.view(caller)).algorithms.length > 0
    return form(request, visit, passwordPage(visit, config, { isRecovery, asksForCurrent }, refused))
  }

  /** By a code instead of the old password: whoever has it starts again with a sign-in. */
  const setRecovered = async (visit: Visit, session: Session): Promise<Response> => {
    await recovery.setPassword(visit, session, read(ChosenPassword, visit.input))
    forgetFrame(visit)
    return donePage(visit, basePath, {
      title: 'password.done',
      text: 'password.done_text',
      headers: { 'set-cookie': sessions.noCookie(visit) },
      after: (
        <p>
          <a href={`${basePath}/login`}>{texts(visit)('sign_in.title')}</a>
        </p>
      ),
    })
  }

  const setKnown = async (visit: Visit, caller: Caller, session: Session): Promise<Response> => {
    const value = await ownAccount.changePassword(visit, caller, session, read(ChangedPassword, visit.input))
    return redirect(visit, basePath, LANDING, { cookies: [sessions.cookie(visit, value)], flash: 'flash.password' })
  }

  const deleteForm = async (request: Request, visit: Visit, caller: Caller, refused = NOTHING_REFUSED) =>
    form(request, visit, deletePage(visit, basePath, await ownAccount.view(caller), refused))

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/dashboard', ({ visit, caller }) => dashboard(visit, caller), { signedIn: 'account' })
    .post(
      '/dashboard/provision',
      async ({ visit, caller }) => {
        await accounts.issueToken(visit, caller.space, caller.id)
        return redirect(visit, basePath, LANDING, { flash: 'flash.provisioned' })
      },
      { signedIn: 'account' },
    )
    .get(
      '/dashboard/data',
      async ({ visit, caller }) => {
        const headers = {
          'content-type': 'application/json',
          'content-disposition': `attachment; filename="${caller.domain}-account-${caller.id}.json"`,
          'cache-control': 'no-store, private',
          'x-content-type-options': 'nosniff',
        }
        return longReplies.send(caller, exported(visit, caller), (body) => new Response(body, { headers }))
      },
      { signedIn: 'account' },
    )
    .post(
      '/language',
      async ({ visit, caller }) => {
        const language = await ownAccount.setLanguage(caller, visit.input.language)
        // This browser's too, so that signing in again does not bring the other one back.
        const cookies = language === null ? [] : [languageCookie(visit, language)]
        return redirect(visit, basePath, ownPath(visit.input.next) ?? LANDING, { cookies })
      },
      { signedIn: 'account' },
    )
    .get('/password', ({ request, visit, caller, session }) => passwordForm(request, visit, caller, session), {
      signedIn: 'account',
    })
    .post(
      '/password',
      async ({ request, visit, caller, session }) => {
        try {
          return await (session.kind === 'recovery' ? setRecovered(visit, session) : setKnown(visit, caller, session))
        } catch (error) {
          return passwordForm(request, visit, caller, session, refusedFields(error))
        }
      },
      { signedIn: 'account' },
    )
    .post(
      '/password/keep',
      async ({ visit, session }) => {
        const value = await recovery.keepPassword(visit, session)
        return redirect(visit, basePath, LANDING, { cookies: [sessions.cookie(visit, value)] })
      },
      { signedIn: 'account' },
    )
    .get('/delete', ({ request, visit, caller }) => deleteForm(request, visit, caller), { signedIn: 'account' })
    .post(
      '/delete',
      async ({ request, visit, caller }) => {
        try {
          await ownAccount.remove(visit, caller, read(Proven, visit.input))
        } catch (error) {
          return deleteForm(request, visit, caller, refusedFields(error))
        }
        return redirect(visit, basePath, '/login', { cookies: [sessions.noCookie(visit)], flash: 'flash.deleted' })
      },
      { signedIn: 'account' },
    )
}
