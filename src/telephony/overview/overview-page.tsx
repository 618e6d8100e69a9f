import type { VNode } from 'preact'
import type { NameOf } from '../../address-books/names/names.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Pages } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { type CallForwarding, TYPES } from '../call-forwardings/call-forwardings.ts'
import { ForwardingRows } from '../call-forwardings/forwarding-rows.tsx'
import { Recordings } from '../voicemails/recordings.tsx'
import type { Recording } from '../voicemails/voicemails.ts'

export const RECORDINGS_PAGE = 20

export interface Telephony {
  readonly rules: readonly CallForwarding[]
  /** Those of this page of the list. */
  readonly recordings: readonly Recording[]
  readonly nameOf: NameOf
  readonly total: number
  readonly listing: Listing
  /** Messages are mailed as well: without an address nobody can leave one. Where to add one; null: there is one. */
  readonly addEmail: string | null
  /** This page, below which everything on it is done. */
  readonly root: string
}

/** Where the account's own calls go, and what callers left (behaviour/panel.md §4.10). */
export const overviewPage = ({ t }: Kit, facts: Telephony): Page => ({
  title: t('telephony.title'),
  lede: t('telephony.why'),
  cards: true,
  children: <TelephonyCards {...facts} />,
})

/** What is on that page, wherever it stands. */
export const TelephonyCards = (facts: Telephony): VNode => (
  <div class="grid main">
    <div class="stack">
      <VoicemailCard {...facts} />
    </div>
    <div class="stack">
      <ForwardingCard {...facts} />
    </div>
  </div>
)

const VoicemailCard = ({ recordings, nameOf, total, listing, addEmail, root }: Telephony): VNode => {
  const { t } = useKit()
  if (total === 0) {
    return (
      <Card title={t('voicemail.title')} flush>
        {addEmail === null ? (
          <Empty icon="voicemail" title={t('voicemail.none')}>
            {t('voicemail.none_why')}
          </Empty>
        ) : (
          <Empty
            icon="mail"
            title={t('voicemail.closed')}
            actions={<ButtonLink to={addEmail}>{t('voicemail.add_email')}</ButtonLink>}
          >
            {t('voicemail.closed_why')}
          </Empty>
        )}
      </Card>
    )
  }
  return (
    <>
      <Card
        title={t('voicemail.title')}
        flush
        aside={<span class="muted">{t('voicemail.count', { count: total })}</span>}
      >
        <Recordings recordings={recordings} nameOf={nameOf} root={root} />
      </Card>
      {total <= RECORDINGS_PAGE ? null : <Pages listing={listing} total={total} size={RECORDINGS_PAGE} />}
    </>
  )
}

const ForwardingCard = ({ rules, root }: Telephony): VNode => {
  const { t } = useKit()
  const create = `${root}/forwardings/create`
  if (rules.length === 0) {
    return (
      <Card title={t('forwarding.title')} flush>
        <Empty
          icon="phone-forwarded"
          title={t('forwarding.none')}
          actions={
            <ButtonLink to={create} tone="primary" icon="plus">
              {t('forwarding.add')}
            </ButtonLink>
          }
        >
          {t('forwarding.none_why')}
        </Empty>
      </Card>
    )
  }
  return (
    <Card
      title={t('forwarding.title')}
      flush
      aside={
        rules.length === TYPES.length ? undefined : (
          <ButtonLink to={create} size="small" icon="plus">
            {t('forwarding.more')}
          </ButtonLink>
        )
      }
    >
      <ForwardingRows rules={rules} root={root} />
    </Card>
  )
}
