import { PageHead } from '../../panel/components/head.tsx'
import { Meanings } from '../../panel/components/list.tsx'
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
    address: '/provisioning/documentation',
    docs: '/provisioning/documentation',
    children: (
      <div class="prose">
        <PageHead title={t('provisioning.guide')} lede={t('provisioning.guide_intro')} />
        <Meanings long of={ADDRESSES.map(([path, meaning]) => [`GET ${home}/provisioning${path}`, t(meaning)])} />
        <p>{t('provisioning.guide_reset')}</p>
        <p>{t(asksForHeader ? 'provisioning.guide_header_needed' : 'provisioning.guide_header_free')}</p>
        <h2>{t('provisioning.guide_refusals')}</h2>
        <Meanings of={REFUSALS.map(([status, meaning]) => [status, t(meaning)])} />
      </div>
    ),
  }
}
