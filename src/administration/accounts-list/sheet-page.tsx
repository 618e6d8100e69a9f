import type { VNode } from 'preact'
import { Address } from '../../panel/components/address.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { qrDataUrl } from '../../protocols/qr.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { nameOf } from '../account/words.tsx'
import { LIST_PATH } from './rules.ts'
import type { Card, Sheet } from './sheets.ts'

/** Set-up codes to be printed, a card each. They are shown this once: whoever comes again makes others. */
export const sheetPage = ({ t }: Kit, { cards, leftOut }: Sheet): Page => ({
  title: t('sheet.title'),
  lede: t('sheet.lede', { count: cards.length }),
  above: [[t('accounts.title'), LIST_PATH]],
  wide: true,
  address: null,
  scripts: ['print.js'],
  actions: <span data-print={t('sheet.print')} />,
  children: (
    <>
      <div class="no-print stack tight">
        <Note tone="warn" role="status">
          {t('sheet.once')}
        </Note>
        {leftOut.length === 0 ? null : (
          <Note>{t('sheet.left_out', { names: leftOut.map(nameOf).join(', '), count: leftOut.length })}</Note>
        )}
      </div>
      <ul class="sheet">
        {cards.map((card) => (
          <PrintedCard {...card} />
        ))}
      </ul>
    </>
  ),
})

const PrintedCard = ({ account, url, expiresAt }: Card): VNode => {
  const { t, app } = useKit()
  return (
    <li>
      <img
        src={qrDataUrl(url, { level: 'M' })}
        alt={t('sheet.picture', { name: nameOf(account) })}
        width="120"
        height="120"
      />
      <b>{nameOf(account)}</b>
      <Address>{addressOfRecord(account)}</Address>
      <small>{t('sheet.install', { app: app.name })}</small>
      <small>{t('sheet.scan')}</small>
      <small>
        {expiresAt === null ? (
          t('sheet.works_once')
        ) : (
          <>
            {t('account_page.link_until')} <Moment at={expiresAt} />
          </>
        )}
      </small>
    </li>
  )
}
