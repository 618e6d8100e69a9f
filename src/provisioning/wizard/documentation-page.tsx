import { PageHead } from '../../panel/components/head.tsx'
import { Meanings } from '../../panel/components/list.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

/** Path and query below `/wizard` → what the link does. */
const ADDRESSES = [
  ['/{token}', 'wizard.guide_token'],
  ['/{provisioning_token}', 'wizard.guide_provisioning_token'],
  ['?sip=sip:…&linphone-action=call', 'wizard.guide_query'],
  ['?linphone-use-sips', 'wizard.guide_sips'],
] as const

/** `GET /wizard/documentation`: which links there are, for whoever hands them out. */
export const documentationPage = ({ t, home }: Kit): Page => ({
  title: t('wizard.guide'),
  docs: '/wizard/documentation',
  children: (
    <div class="prose">
      <PageHead title={t('wizard.guide')} lede={t('wizard.guide_intro')} />
      <Meanings long of={ADDRESSES.map(([address, meaning]) => [`${home}/wizard${address}`, t(meaning)])} />
    </div>
  ),
})
