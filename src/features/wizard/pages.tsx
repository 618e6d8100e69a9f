import { Elysia } from 'elysia'
import type { VNode } from 'preact'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../http/visit.ts'
import type { MessageId } from '../../messages/messages.ts'
import { FORM_TOKEN_FIELD, type FormTokens } from '../../panel/csrf.ts'
import { page, texts } from '../../panel/layout.tsx'
import type { Pages } from '../../panel/pages.ts'
import { qrPng } from '../../protocols/qr.ts'
import type { Provisioning } from '../provisioning/provisioning.ts'
import { appLink, type Errand, shownSip } from './link.ts'
import type { OpenLink, WizardLinks } from './wizard.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly wizard: WizardLinks
  readonly provisioning: Provisioning
  readonly formTokens: FormTokens
  readonly config: Config
}

const SCRIPT = 'open-app.js'
/** Mails of the generation before link here with a provisioning token. */
const PROVISIONING_TOKEN = /^[A-Za-z0-9]{13}$/

const titleOf = ({ action }: Errand, setsUp: boolean): MessageId =>
  action === 'call' ? 'wizard.title_call' : setsUp ? 'wizard.title_setup' : 'wizard.title_open'

const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`

/** Where a person opens the app (spec wizard.md §2): GET shows, the click on the button is what counts (D28). */
export const wizardPages = (deps: Deps) => {
  const { auth, pages, wizard, provisioning, formTokens, config } = deps
  const path = `${config.BASE_PATH}/wizard`

  const queryOf = (request: Request) => new URL(request.url).search

  const whereToGetIt = (visit: Visit): VNode | null => {
    const t = texts(visit)
    return config.MAIL_APP_DOWNLOAD_URL === null ? null : (
      <p>
        {t('wizard.missing')} <a href={config.MAIL_APP_DOWNLOAD_URL}>{t('wizard.download')}</a>
      </p>
    )
  }

  const calls = (visit: Visit, { action, sip }: Errand): VNode | null =>
    action === 'call' && sip !== null ? <p>{texts(visit)('wizard.calls', { sip: shownSip(sip) })}</p> : null

  /** `isAsked`: whoever is here wants the app to open, so a script need not wait for another click. */
  const opening = (visit: Visit, href: string, isAsked: boolean): VNode => (
    <p>
      <a class="button" href={href} data-open={isAsked ? '' : undefined}>
        {texts(visit)('wizard.open')}
      </a>
    </p>
  )

  const offer = (request: Request, visit: Visit, { token, errand, setsUp }: OpenLink): Response => {
    const t = texts(visit)
    const { token: formToken, setCookie } = formTokens.issue(request, visit)
    const address = `${path}/${token}${queryOf(request)}`
    return page(visit, config.BASE_PATH, {
      title: titleOf(errand, setsUp),
      address,
      scripts: [SCRIPT],
      headers: setCookie === null ? {} : { 'set-cookie': setCookie },
      children: (
        <form method="post" action={path} data-once>
          {calls(visit, errand)}
          {setsUp ? <p>{t('wizard.sets_up', { space: visit.space.name })}</p> : null}
          <p>{t('wizard.once')}</p>
          <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken} />
          <input type="hidden" name="token" value={token} />
          {errand.useSips ? <input type="hidden" name="linphone-use-sips" value="true" /> : null}
          <button type="submit">{t('wizard.open')}</button>
          {whereToGetIt(visit)}
          <p>{t('wizard.scan')}</p>
          <img
            class="qr"
            src={dataUrl(qrPng(`${visit.baseUrl()}${address}`, { level: 'M' }))}
            alt={t('provisioning.picture')}
            width="320"
            height="320"
          />
        </form>
      ),
    })
  }

  /** As the clients before us found it, and a word why nothing happens. */
  const over = (request: Request, visit: Visit): Response =>
    page(visit, config.BASE_PATH, {
      title: 'wizard.over',
      address: request.method === 'GET' ? '' : null,
      children: (
        <>
          <p>{texts(visit)('wizard.over_why')}</p>
          {opening(visit, appLink({ ...wizard.errandOfQuery(visit), sip: null, action: 'show' }, null), false)}
        </>
      ),
    })

  const withProvisioningToken = async (visit: Visit, token: string): Promise<Response> => {
    await provisioning.inspect(visit, token)
    const t = texts(visit)
    const { url, qrCodePath } = provisioning.addressOf(visit, token)
    return page(visit, config.BASE_PATH, {
      title: 'provisioning.title',
      address: `${path}/${token}${provisioning.wantsReset(visit) ? '?reset_password=1' : ''}`,
      children: (
        <>
          <p>{t('provisioning.scan')}</p>
          <img class="qr" src={qrCodePath} alt={t('provisioning.picture')} width="320" height="320" />
          {opening(visit, `linphone-config:${url}`, false)}
          {whereToGetIt(visit)}
        </>
      ),
    })
  }

  return new Elysia({ prefix: '/wizard' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      ({ request, visit }) => {
        const errand = wizard.errandOfQuery(visit)
        return page(visit, config.BASE_PATH, {
          title: titleOf(errand, false),
          address: `${path}${queryOf(request)}`,
          scripts: [SCRIPT],
          children: (
            <>
              {calls(visit, errand)}
              {opening(visit, appLink(errand, null), true)}
              {whereToGetIt(visit)}
            </>
          ),
        })
      },
      { open: true, page: true },
    )
    .get('/documentation', ({ visit }) => guidePage(visit, config.BASE_PATH), { open: true, page: true })
    .get(
      '/:token',
      async ({ request, visit, params }) => {
        if (PROVISIONING_TOKEN.test(params.token)) return withProvisioningToken(visit, params.token)
        const link = await wizard.inspect(visit, params.token)
        return link === null ? over(request, visit) : offer(request, visit, link)
      },
      { open: true, page: true },
    )
    .post(
      '/',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const followed = await wizard.follow(visit, String(visit.input.token ?? ''))
        if (followed === null) return over(request, visit)
        const { link, href } = followed
        return page(visit, config.BASE_PATH, {
          title: titleOf(link.errand, link.setsUp),
          address: null,
          scripts: [SCRIPT],
          children: (
            <>
              {calls(visit, link.errand)}
              <p>{texts(visit)('wizard.opening')}</p>
              {opening(visit, href, true)}
              {whereToGetIt(visit)}
            </>
          ),
        })
      },
      { open: true, page: true },
    )
}

/** Path and query below `/wizard` → what the link does. */
const ADDRESSES = [
  ['/{token}', 'wizard.guide_token'],
  ['/{provisioning_token}', 'wizard.guide_provisioning_token'],
  ['?sip=sip:…&linphone-action=call', 'wizard.guide_query'],
  ['?linphone-use-sips', 'wizard.guide_sips'],
] as const

/** `GET /wizard/documentation`: which links there are, for whoever hands them out. */
const guidePage = (visit: Visit, basePath: string): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'wizard.guide',
    children: (
      <>
        <p>{t('wizard.guide_intro')}</p>
        <dl>
          {ADDRESSES.map(([address, meaning]) => (
            <>
              <dt>
                <code>{`${visit.baseUrl()}${basePath}/wizard${address}`}</code>
              </dt>
              <dd>{t(meaning)}</dd>
            </>
          ))}
        </dl>
      </>
    ),
  })
}
