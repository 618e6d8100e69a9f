import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import { ChosenPassword } from '../../accounts/passwords/rules.ts'
import type { ProvisioningTokens } from '../../accounts/provisioning-tokens/provisioning-tokens.ts'
import type { Names } from '../../address-books/names/names.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Answers } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import { outcomePage } from '../../panel/outcome-page.tsx'
import { languageCookie, type Pages } from '../../panel/pages.ts'
import { ownPath } from '../../panel/redirect.ts'
import type { Provisioning } from '../../provisioning/provisioning/provisioning.ts'
import type { CallForwardings } from '../../telephony/call-forwardings/call-forwardings.ts'
import type { Devices } from '../../telephony/devices/devices.ts'
import type { CallLog } from '../../telephony/statistics/call-log.ts'
import { seenBy } from '../../telephony/statistics/call-words.tsx'
import { callerOf } from '../../telephony/voicemails/recordings.tsx'
import type { Voicemails } from '../../telephony/voicemails/voicemails.ts'
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
  readonly callForwardings: CallForwardings
  readonly callLog: CallLog
  readonly voicemails: Voicemails
  readonly names: Names
  readonly provisioning: Provisioning
  readonly provisioningTokens: ProvisioningTokens
  readonly recovery: Recovery
  readonly sessions: Sessions
  readonly navigation: Navigation
  readonly config: Config
  readonly now: () => Date
}

/** Of messages and calls on the page where somebody starts. */
const NEWEST = 3

/** A person's own account: where they start, its password, its data, its end (behaviour/panel.md §4). */
export const ownAccountPages = (deps: Deps) => {
  const { auth, pages, ownAccount, accounts, devices, provisioning, provisioningTokens, recovery } = deps
  const { sessions, navigation, longReplies, callForwardings, callLog, voicemails, names, config, now } = deps

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

  const dashboard = async (visit: Visit, caller: Caller) => {
    const account = await ownAccount.view(caller)
    const known = await devices.of(caller)
    const newest = await voicemails.recordings(account.id, { skip: 0, most: NEWEST })
    const calls = (await callLog.newest(caller, NEWEST)).map(seenBy(caller))
    const met = [...newest.flatMap((one) => callerOf(one) ?? []), ...calls.map(({ other }) => other)]
    return {
      account,
      hasPhone: navigation.isOn(visit.space, '/phone/change'),
      hasPassword: navigation.isOn(visit.space, '/password'),
      link: linkOf(visit, account),
      wasSetUp: await provisioning.wasSetUp(account.id),
      devices: [...known.values()].toReversed(),
      registrarState: devices.registrarState(),
      messages: { count: await voicemails.countRecordings(account.id), newest },
      nameOf: await names.of(caller, met),
      calls,
      forwardings: (await callForwardings.list(caller)).filter(({ enabled }) => enabled),
    }
  }

  const choice =
    (caller: Caller, { kind }: Session) =>
    async () => {
      const isRecovery = kind === 'recovery'
      const asksForCurrent = !isRecovery && (await ownAccount.view(caller)).algorithms.length > 0
      return { isRecovery, asksForCurrent, least: config.ACCOUNT_PASSWORD_MIN_LENGTH }
    }

  /** By a code instead of the old password: whoever has it starts again with a sign-in. */
  const setRecovered = async (
    visit: Visit,
    session: Session,
    { t, input, show }: Pick<Answers, 't' | 'input' | 'show'>,
  ): Promise<Response> => {
    await recovery.setPassword(visit, session, read(ChosenPassword, input))
    return show(outcomePage, {
      title: t('password.done'),
      text: t('password.done_text'),
      more: {
        signedOut: true,
        headers: { 'set-cookie': sessions.noCookie(visit) },
        children: (
          <ButtonLink to="/login" tone="primary">
            {t('sign_in.title')}
          </ButtonLink>
        ),
      },
    })
  }

  const setKnown = async (
    visit: Visit,
    caller: Caller,
    session: Session,
    { input, go }: Pick<Answers, 'input' | 'go'>,
  ) => {
    const value = await ownAccount.changePassword(visit, caller, session, read(ChangedPassword, input))
    return go(LANDING, { cookies: [sessions.cookie(visit, value)], flash: 'flash.password' })
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/dashboard', async ({ visit, caller, show }) => show(dashboardPage, await dashboard(visit, caller)), {
      signedIn: 'account',
    })
    .post(
      '/dashboard/provision',
      async ({ visit, caller, go }) => {
        await accounts.issueToken(visit, caller.space, caller.id)
        return go(LANDING, { flash: 'flash.provisioned' })
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
      async ({ visit, caller, input, go }) => {
        const language = await ownAccount.setLanguage(visit, caller, input.language)
        // This browser's too, so that signing in again does not bring the other one back.
        const cookies = language === null ? [] : [languageCookie(visit, language)]
        return go(ownPath(input.next) ?? LANDING, { cookies })
      },
      { signedIn: 'account' },
    )
    .get('/password', ({ caller, session, form }) => form(passwordPage, choice(caller, session)), {
      signedIn: 'account',
    })
    .post(
      '/password',
      ({ visit, caller, session, input, t, show, form, go }) =>
        form(passwordPage, choice(caller, session), () =>
          session.kind === 'recovery'
            ? setRecovered(visit, session, { t, input, show })
            : setKnown(visit, caller, session, { input, go }),
        ),
      { signedIn: 'account' },
    )
    .post(
      '/password/keep',
      async ({ visit, session, go }) => {
        const value = await recovery.keepPassword(visit, session)
        return go(LANDING, { cookies: [sessions.cookie(visit, value)] })
      },
      { signedIn: 'account' },
    )
    .get('/delete', ({ caller, form }) => form(deletePage, () => ownAccount.view(caller)), { signedIn: 'account' })
    .post(
      '/delete',
      ({ visit, caller, input, form, go }) =>
        form(
          deletePage,
          () => ownAccount.view(caller),
          async () => {
            await ownAccount.remove(visit, caller, read(Proven, input))
            return go('/login', { cookies: [sessions.noCookie(visit)], flash: 'flash.deleted' })
          },
        ),
      { signedIn: 'account' },
    )
}
