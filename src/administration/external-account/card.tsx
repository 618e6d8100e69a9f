import type { VNode } from 'preact'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { useKit } from '../../panel/kit.tsx'
import type { Addressed } from '../../protocols/sip-address.ts'
import { pathOf } from '../account/head.tsx'
import type { Line } from './external-page.tsx'

/** It breaks where its parts meet. */
const Address = ({ of: { username, domain } }: { of: Addressed }): VNode => (
  <span class="id">
    {username}@<wbr />
    {domain}
  </span>
)

/** The line at a carrier, on the page of its account. */
export const ExternalCard = ({ account, line }: Line): VNode => {
  const { t } = useKit()
  const path = pathOf(account, '/external')
  return line === null ? (
    <Card title={t('external.title')}>
      <p class="muted">{t('external.none_yet')}</p>
      <div>
        <ButtonLink to={path} icon="plus">
          {t('external.add')}
        </ButtonLink>
      </div>
    </Card>
  ) : (
    <Card title={t('external.title')} aside={<Link to={path}>{t('account_page.edit')}</Link>}>
      <Facts>
        {[
          [t('external.address'), <Address of={line} />],
          [t('external.protocol'), line.protocol],
          line.registrar !== null && [t('external.registrar'), <span class="id">{line.registrar}</span>],
        ]}
      </Facts>
    </Card>
  )
}
