import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'

/** Path and query below `/wizard` → what the link does. */
const ADDRESSES = [
  ['/{token}', 'wizard.guide_token'],
  ['/{provisioning_token}', 'wizard.guide_provisioning_token'],
  ['?sip=sip:…&linphone-action=call', 'wizard.guide_query'],
  ['?linphone-use-sips', 'wizard.guide_sips'],
] as const

/** `GET /wizard/documentation`: which links there are, for whoever hands them out. */
export const documentationPage = (visit: Visit, basePath: string): Response => {
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
