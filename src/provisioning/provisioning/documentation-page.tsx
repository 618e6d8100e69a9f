import { Link } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

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
export const documentationPage = ({ t, space, home }: Kit): Page => {
  const asksForHeader = space.provisioningUseLinphoneProvisioningHeader
  return {
    title: t('provisioning.guide'),
    lede: t('provisioning.guide_intro'),
    address: '/provisioning/documentation',
    wide: true,
    children: (
      <>
        <Facts>
          {[
            ...ADDRESSES.map(
              ([path, meaning]) => [<code>{`GET ${home}/provisioning${path}`}</code>, t(meaning)] as const,
            ),
          ]}
        </Facts>
        <p>{t('provisioning.guide_reset')}</p>
        <p>{t(asksForHeader ? 'provisioning.guide_header_needed' : 'provisioning.guide_header_free')}</p>
        <Card title={t('provisioning.guide_refusals')}>
          <Facts>{REFUSALS.map(([status, meaning]) => [status, t(meaning)] as const)}</Facts>
        </Card>
        <p>
          <Link to="/api">{t('api.title')}</Link>
        </p>
      </>
    ),
  }
}
