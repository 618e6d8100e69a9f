import type { Space } from '../../nouns/space.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

export interface Overview {
  readonly space: Space
  readonly accounts: number
}

/** Where an administrator starts: what the Space is, and how full it is. */
export const overviewPage = ({ t, language }: Kit, { space, accounts }: Overview): Page => ({
  title: t('overview.title'),
  cards: true,
  actions: (
    <ButtonLink to="/admin/accounts/create" icon="plus" tone="primary">
      {t('accounts.create')}
    </ButtonLink>
  ),
  children: (
    <div class="stack">
      <Card title={space.name}>
        <Facts>
          {[
            [t('overview.domain'), space.domain],
            [t('overview.host'), space.host],
            [
              t('overview.accounts'),
              space.maxAccounts === 0
                ? accounts.toLocaleString(language)
                : t('overview.of', {
                    count: accounts.toLocaleString(language),
                    max: space.maxAccounts.toLocaleString(language),
                  }),
            ],
            space.expireAt !== null && [t('overview.expires'), <Moment at={space.expireAt} />],
          ]}
        </Facts>
      </Card>
    </div>
  ),
})
