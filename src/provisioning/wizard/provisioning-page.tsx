import { Note } from '../../panel/components/note.tsx'
import { Handover } from '../../panel/components/phone-app.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

interface Link {
  readonly url: string
  readonly qrCodePath: string
  readonly again: boolean
  /** Its own, below the base path. */
  readonly address: string
}

/** A provisioning link in the place of one of ours. */
export const provisioningPage = ({ t }: Kit, { url, qrCodePath, again, address }: Link): Page => ({
  title: t('provisioning.title'),
  address,
  children: (
    <>
      <Handover
        to={`linphone-config:${url}`}
        label={t('wizard.open')}
        qr={{ src: qrCodePath, says: t('provisioning.scan') }}
      />
      {again ? <Note>{t('provisioning.again')}</Note> : null}
    </>
  ),
})
