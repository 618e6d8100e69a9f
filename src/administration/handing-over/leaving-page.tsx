import type { Found } from '../../accounts/accounts/accounts.ts'
import { Link } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Rows } from '../../panel/components/list.tsx'
import { Note } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import { nameOf } from '../account/words.tsx'

export interface Leaver extends Found {
  /** Messages that callers have left. */
  readonly voicemails: number
  /** How long a number stays reserved; null: for ever. */
  readonly reservedDays: number | null
}

/** What can become of the account of somebody who leaves (behaviour/panel.md §7.23). */
export const leavingPage = ({ t }: Kit, { account, voicemails, reservedDays }: Leaver): Page => {
  const number = account.username
  return {
    title: t('leaving.title', { name: nameOf(account) }),
    lede: addressOfRecord(account),
    above: aboveOf(t, { account }),
    cards: true,
    children: (
      <div class="stack measure">
        <Card title={t('leaving.ask', { number })} flush>
          <Rows
            items={[
              {
                icon: 'user-plus',
                title: t('leaving.somebody'),
                note: t('leaving.somebody_why', { number }),
                to: pathOf(account, '/delete?frees_name=1'),
              },
              {
                icon: 'ban',
                title: t('leaving.later'),
                note: t('leaving.later_why'),
                to: pathOf(account, '/deactivate'),
              },
              {
                icon: 'trash',
                title: t('leaving.nobody'),
                note:
                  reservedDays === null
                    ? t('leaving.nobody_ever', { number })
                    : t('leaving.nobody_why', { number, count: reservedDays }),
                to: pathOf(account, '/delete'),
              },
            ]}
          />
        </Card>
        <Note>
          {voicemails === 0 ? null : `${t('leaving.voicemails', { count: voicemails })} `}
          {t('leaving.calls')} <Link to={pathOf(account, '/telephony')}>{t('leaving.telephony')}</Link>
        </Note>
      </div>
    ),
  }
}
