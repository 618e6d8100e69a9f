import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { Visit } from '../../nouns/visit.ts'
import { currentPasswordField, NOTHING_REFUSED } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import { LANDING } from '../../panel/navigation.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'

export const deletePage = (
  visit: Visit,
  basePath: string,
  { username, domain, algorithms }: AccountView,
  refused = NOTHING_REFUSED,
): Form => {
  const t = texts(visit)
  return {
    title: 'delete.title',
    action: '/delete',
    button: 'delete.go',
    refused,
    address: `${basePath}/delete`,
    children: (
      <>
        <p>{t('delete.why', { account: addressOfRecord({ username, domain }) })}</p>
        <p>{t('delete.consequence')}</p>
        {algorithms.length > 0 ? currentPasswordField(visit, refused) : null}
      </>
    ),
    after: (
      <p>
        <a href={basePath + LANDING}>{t('panel.cancel')}</a>
      </p>
    ),
  }
}
