import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'

/** Path below `/provisioning` → what is there. */
const ADDRESSES = [
  ['', 'provisioning.guide_base'],
  ['/{provisioning_token}', 'provisioning.guide_token'],
  ['/auth_token/{auth_token}', 'provisioning.guide_auth_token'],
  ['/me', 'provisioning.guide_me'],
  ['/qrcode/{provisioning_token}', 'provisioning.guide_qr_code'],
] as const

/** Status → why. */
const REFUSALS = [
  ['400', 'provisioning.header'],
  ['401', 'auth.required'],
  ['403', 'auth.blocked'],
  ['404', 'provisioning.unknown'],
  ['404', 'provisioning.expired'],
] as const

/** `GET /provisioning/documentation`: what the addresses are for, for whoever sets up phones in this Space. */
export const documentationPage = (visit: Visit, basePath: string): Response => {
  const t = texts(visit)
  const base = `${visit.baseUrl()}${basePath}/provisioning`
  const asksForHeader = visit.space.provisioningUseLinphoneProvisioningHeader
  return page(visit, basePath, {
    title: 'provisioning.guide',
    children: (
      <>
        <p>{t('provisioning.guide_intro')}</p>
        <dl>
          {ADDRESSES.map(([path, meaning]) => (
            <>
              <dt>
                <code>{`GET ${base}${path}`}</code>
              </dt>
              <dd>{t(meaning)}</dd>
            </>
          ))}
        </dl>
        <p>{t('provisioning.guide_reset')}</p>
        <p>{t(asksForHeader ? 'provisioning.guide_header_needed' : 'provisioning.guide_header_free')}</p>
        <h2>{t('provisioning.guide_refusals')}</h2>
        <dl>
          {REFUSALS.map(([status, meaning]) => (
            <>
              <dt>{status}</dt>
              <dd>{t(meaning)}</dd>
            </>
          ))}
        </dl>
        <p>
          <a href={`${basePath}/api`}>{t('api.title')}</a>
        </p>
      </>
    ),
  })
}
